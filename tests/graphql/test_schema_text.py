"""The schema as text: what it tells its readers, and that it is always the same."""

import enum
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from graphql import build_schema as schema_of_text
from graphql import print_schema
from pydantic import BaseModel, Field
from schemas import schema_of

from servey_core import (
    WEB_GET,
    WEB_POST,
    ConfigurationError,
    Example,
    NotFound,
    TtlCacheControl,
    WebTrigger,
    action,
)


class Color(enum.Enum):
    """What light does."""

    RED = "r"
    GREEN = "g"


@dataclass
class Pet:
    """A pet.

    It has a name.

    Attributes:
        name: What it is called.
    """

    name: str
    color: Color = Color.RED
    tags: list[str] = field(default_factory=list)

    @action
    def greeting(self, times: int = 1) -> str:
        """Say hello to it.

        Args:
            times: How often.
        """
        return "hi " * times + self.name


class Filter(BaseModel):
    """What to look for."""

    max_age: int = Field(3, description="How old at most.")


EXAMPLES = (
    Example("red", {"color": Color.RED, "look_for": Filter(max_age=2)}),
    Example("none", {"color": Color.GREEN}, raises=NotFound),
    Example("hidden", {"color": Color.GREEN}, include_in_schema=False),
)


@action(triggers=[WEB_GET, WEB_POST], examples=EXAMPLES, cache_control=TtlCacheControl(60))
def find_pets(color: Color, look_for: Filter | None = None) -> list[Pet]:
    '''Find pets.

    All of them; even """quoted""" ones.

    Args:
        color: What they look like.

    Returns:
        The pets.
    '''
    return [Pet("Al", color)]


@action(triggers=WEB_GET, deprecated=True, examples=Example("any"))
def add_up() -> Annotated[int, Field(ge=0, le=2**53)]:
    """Add all up."""
    return 3


@action(triggers=WebTrigger("PUT", path="/pets/{name}"))
def rename(name: str) -> Pet:
    return Pet(name)


@action
def not_for_the_web() -> int:
    return 1


ALL = (find_pets, add_up, rename, not_for_the_web)

EXPECTED = '''\
"""An integer that 32 bits may not hold; a JSON number."""
scalar BigInt

"""What light does."""
enum Color {
  RED
  GREEN
}

"""What to look for."""
input FilterInput {
  """How old at most."""
  maxAge: Int! = 3
}

type Mutation {
  """
  Find pets.

  All of them; even \\"""quoted\\""" ones.

  Example (red): `findPets(color: RED, lookFor: {maxAge: 2})`
  """
  findPets(
    """What they look like."""
    color: Color!
    lookFor: FilterInput
  ): [Pet!]
  rename(name: String!): Pet
}

"""
A pet.

It has a name.
"""
type Pet {
  """What it is called."""
  name: String!
  color: Color!
  tags: [String!]!
  """Say hello to it."""
  greeting(
    """How often."""
    times: Int! = 1
  ): String
}

type Query {
  """
  Add all up.

  Example (any): `addUp`
  """
  addUp: BigInt @deprecated(reason: "It may go: see its description.")
  """
  Find pets.

  All of them; even \\"""quoted\\""" ones.

  Example (red): `findPets(color: RED, lookFor: {maxAge: 2})`
  """
  findPets(
    """What they look like."""
    color: Color!
    lookFor: FilterInput
  ): [Pet!]
}
'''


def test_the_text_tells_all_that_is_known() -> None:
    assert schema_of(*ALL).sdl == EXPECTED


def test_it_is_the_schema_that_is_run() -> None:
    made = schema_of(*ALL)

    assert print_schema(schema_of_text(made.sdl)) == print_schema(made.schema)


def test_the_order_of_the_actions_does_not_matter() -> None:
    assert schema_of(*reversed(ALL)).sdl == EXPECTED


def test_an_example_that_is_too_long_is_left_out() -> None:
    @action(triggers=WEB_GET, examples=Example("long", {"text": "x" * 300}))
    def echo(text: str) -> str:
        return text

    assert schema_of(echo).sdl == "type Query {\n  echo(text: String!): String\n}\n"


def test_an_example_of_the_text_can_be_asked() -> None:
    made = schema_of(*ALL)

    assert made.data("{findPets(color: RED, lookFor: {maxAge: 2}) {name greeting(times: 2)}}") == {
        "findPets": [{"name": "Al", "greeting": "hi hi Al"}]
    }


ACTIONS = """
    from dataclasses import dataclass
    from servey_core import WEB_GET, action

    @dataclass
    class Cat:
        tags: set[str]

    @dataclass
    class Dog:
        name: str

    @action(triggers=WEB_GET)
    def zoo(limit: int = 3) -> list[Cat | Dog]:
        return []

    @action(triggers=WEB_GET)
    def animal(name: str) -> Dog:
        return Dog(name)
"""


def generated(folder: Any, **environment: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", "servey_core", "generate", "graphql-schema"],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout


def test_the_command_line_prints_it_and_always_the_same(workplace: Any) -> None:
    workplace.write("actions.py", ACTIONS)

    texts = {generated(workplace.folder, PYTHONHASHSEED=seed) for seed in ("0", "1", "random")}

    [text] = texts
    assert "union CatOrDog = Cat | Dog" in text
    assert set(schema_of_text(text).query_type.fields) == {"animal", "zoo"}  # type: ignore[union-attr]


def test_nothing_to_ask_for_is_told() -> None:
    with pytest.raises(ConfigurationError, match="no action has a web trigger") as raised:
        schema_of(not_for_the_web)

    assert "@action(triggers=WEB_GET)" in str(raised.value)
