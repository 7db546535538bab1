"""What GraphQL cannot say is told at start-up: which action, where, why, and what to do."""

import enum
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, computed_field
from schemas import schema_of

from servey_core import WEB_GET, ConfigurationError, action
from servey_graphql.schema.refusals import SchemaError


@dataclass
class Pet:
    name: str


def returning(annotation: Any) -> Any:
    def function() -> Any: ...

    function.__annotations__["return"] = annotation
    return action(triggers=WEB_GET)(function)


def refusal(*functions: Any) -> str:
    """What is told, without the place, which must be there."""
    with pytest.raises(SchemaError) as raised:
        schema_of(*functions)
    assert isinstance(raised.value, ConfigurationError)
    assert Path(raised.value.place.rpartition(":")[0]) == Path(__file__)
    place = f"Action {raised.value.action!r} ({raised.value.place}): "
    assert str(raised.value).startswith(place)
    return str(raised.value).removeprefix(place).replace(f"{__name__}.", "")


def test_two_classes_of_one_name() -> None:
    other = make_dataclass("Pet", [("name", str)])
    other.__module__ = "elsewhere"

    told = refusal(returning(Pet), action(name="other", triggers=WEB_GET)(returning(other)))

    assert told == (
        "its GraphQL field cannot be made: two types are named 'Pet', the class Pet and the class "
        "elsewhere.Pet. Rename one of them."
    )


def test_an_input_that_has_the_name_of_a_result() -> None:
    @dataclass
    class PetInput:
        name: str

    @action(triggers=WEB_GET)
    def both(pet: Pet) -> PetInput: ...

    assert "two types are named 'PetInput', the input of the class Pet and the class" in refusal(
        both
    )


def test_a_class_without_fields() -> None:
    @dataclass
    class Empty:
        pass

    @action(triggers=WEB_GET)
    def empty(it: Empty) -> int: ...

    told = "has no fields, and an object in GraphQL has one at least. Give it one, or return"
    assert told in refusal(returning(Empty))
    assert "has no fields, and an input object in GraphQL has one at least." in refusal(empty)


def test_names_that_graphql_cannot_have() -> None:
    class Größe(BaseModel):  # noqa: PLC2401 - it is what is refused
        cm: int

    class Price(BaseModel):
        amount: int = Field(serialization_alias="betrag-€")

    class Bad(enum.Enum):
        true = 1

    @action(triggers=WEB_GET)
    def bigger(größe: int) -> int:  # noqa: PLC2401 - it is what is refused
        ...

    @action(triggers=WEB_GET)
    def __hidden() -> int: ...

    told = "the letters a to z, digits and underscores alone"
    assert told in refusal(returning(Größe))
    assert "'betrag€'" in refusal(returning(Price))
    assert "has the member 'true', which no enum in GraphQL can have" in refusal(returning(Bad))
    assert told in refusal(bigger)
    assert told in refusal(locals()["__hidden"])


def test_fields_that_are_one_in_camel_case() -> None:
    @dataclass
    class Twice:
        first_name: str
        firstName: str  # noqa: N815 - it is what is refused

    assert "has 'firstName' twice in GraphQL. Rename one of the two." in refusal(returning(Twice))


def test_arguments_that_are_one_in_camel_case() -> None:
    @action(triggers=WEB_GET)
    def find(max_age: int, maxAge: int) -> int:  # noqa: N803 - it is what is refused
        ...

    assert "has 'maxAge' twice" in refusal(find)


def test_actions_that_are_one_in_camel_case() -> None:
    named = [action(name=name, triggers=WEB_GET)(returning(int)) for name in ("add_up", "addUp")]

    assert "has 'addUp' twice" in refusal(*named)


def test_a_nested_action_named_as_a_field() -> None:
    @dataclass
    class Owner:
        first_name: str

        @action
        def firstName(self) -> str:  # noqa: N802 - it is what is refused
            return ""

    assert "has 'firstName' twice" in refusal(returning(Owner))


def test_a_class_with_a_name_of_graphql_itself() -> None:
    @dataclass
    class Query:
        name: str

    assert "has the name 'Query', which is GraphQL's own. Rename it." in refusal(returning(Query))


def test_a_class_named_as_a_scalar_that_is_used() -> None:
    @dataclass
    class JSON:
        text: str
        rest: dict[str, int]

    assert "two types are named 'JSON'" in refusal(returning(JSON))


def test_inputs_that_hold_themselves_without_end() -> None:
    @dataclass
    class Endless:
        inner: "Endless"

    Endless.__annotations__["inner"] = Endless

    @action(triggers=WEB_GET)
    def endless(it: Endless) -> int: ...

    assert "which nobody can write" in refusal(endless)


def test_an_action_deep_inside_is_the_one_that_is_named() -> None:
    @dataclass
    class Empty:
        pass

    @dataclass
    class Owner:
        name: str

        @action
        def inner(self) -> Empty: ...

    with pytest.raises(SchemaError) as raised:
        schema_of(returning(Owner))

    assert raised.value.action == "owner_inner"


def test_a_nested_action_that_was_not_found_at_start_up() -> None:
    @dataclass
    class Hidden:
        name: str

        @action
        def inner(self) -> int: ...

    class Shown(BaseModel):
        @computed_field
        def hidden(self) -> Hidden: ...

    assert "its class was not found at start-up. Annotate a result with it" in refusal(
        returning(Shown)
    )
