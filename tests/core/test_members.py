"""A member that is named twice is refused, also where pydantic sees only one of the two."""

from dataclasses import dataclass, field
from typing import Annotated, Any

import pydantic.dataclasses
import pytest
from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    model_validator,
)

from servey_core import Action, BadRequest
from servey_core.members import member_counts
from servey_core.signatures import Signature


class Plain(BaseModel):
    a: int
    b: int = 0


class Renamed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    a: int = Field(alias="A")
    b: int = 0


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    a: int


class Checked(BaseModel):
    a: Annotated[int, BeforeValidator(int)]
    b: int = 0


class Nested(BaseModel):
    inner: Plain


class ByPath(BaseModel):
    a: int = Field(validation_alias=AliasPath("ab", 0))
    b: int = Field(validation_alias=AliasPath("ab", 1))


class ByChoice(BaseModel):
    a: int = Field(validation_alias=AliasChoices("ab", "a"))
    b: int = Field(validation_alias=AliasChoices("ab", "b"))


class Shared(BaseModel):
    a: int = Field(validation_alias="ab")
    b: int = Field(validation_alias="ab")


class Crossed(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    a: int = Field(alias="b")
    b: int = Field(alias="c")


class Added(BaseModel):
    """A model that makes up a member."""

    a: int
    b: int = 0

    @model_validator(mode="before")
    @classmethod
    def add(cls, given: Any) -> Any:
        return {**given, "b": 1}


class Constructed(BaseModel):
    """The same, another way."""

    a: int
    b: int = 0

    def __init__(self, **given: Any) -> None:
        super().__init__(**{"b": 1, **given})


class Completed(BaseModel):
    """The same, yet another way."""

    a: int
    b: int = 0

    def model_post_init(self, _context: Any) -> None:
        self.b = 1


class Root(RootModel[dict[str, int]]): ...


@dataclass
class Record:
    a: int
    b: int


@dataclass
class Defaulted:
    a: int
    b: int = 0


@dataclass
class Made:
    a: int
    b: int = field(init=False, default=1)


@dataclass
class RecordByPath:
    a: Annotated[int, Field(validation_alias=AliasPath("ab", 0))]
    b: Annotated[int, Field(validation_alias=AliasPath("ab", 1))]


@pydantic.dataclasses.dataclass
class AddedRecord:
    a: int
    b: int

    @model_validator(mode="before")
    @classmethod
    def add(cls, given: Any) -> Any:
        return {**(given if isinstance(given, dict) else given.kwargs or {}), "b": 1}


CLASSES = {
    Plain: (b'"a":1', b'"a":2'),
    Renamed: (b'"A":1', b'"A":2'),
    Open: (b'"a":1,"z":1', b'"z":2'),
    Checked: (b'"a":1', b'"a":2'),
    Nested: (b'"inner":{"a":1,"a":2}', b""),
    ByPath: (b'"ab":[1,2]', b'"ab":[3,4]'),
    ByChoice: (b'"ab":1', b'"ab":2'),
    Shared: (b'"ab":1', b'"ab":2'),
    Crossed: (b'"b":1', b'"b":2'),
    Added: (b'"a":1', b'"a":2'),
    Constructed: (b'"a":1', b'"a":2'),
    Completed: (b'"a":1', b'"a":2'),
    Root: (b'"a":1', b'"a":2'),
    Record: (b'"a":1,"b":1', b'"b":2'),
    Defaulted: (b'"a":1', b'"a":2'),
    Made: (b'"a":1', b'"a":2'),
    RecordByPath: (b'"ab":[1,2]', b'"ab":[3,4]'),
    AddedRecord: (b'"a":1', b'"a":2'),
}


def taking(annotation: Any) -> Signature:
    def take(given: Any) -> None: ...

    take.__annotations__["given"] = annotation
    return Signature(Action(take, "take"))


@pytest.mark.parametrize("owner", CLASSES)
@pytest.mark.parametrize("inside", ["%b", "[%b]", '{"x":%b}'], ids=["itself", "list", "dict"])
def test_a_member_twice_is_refused(owner: Any, inside: str) -> None:
    annotation = {"%b": owner, "[%b]": list[owner], '{"x":%b}': dict[str, owner]}[inside]
    signature = taking(annotation)
    once, again = CLASSES[owner]
    text = b'{"given":%b}' % inside.encode()
    with pytest.raises(BadRequest, match="uplicate"):
        signature.from_json(text % (b"{%b,%b}" % (once, again) if again else b"{%b}" % once))
    if again:
        signature.from_json(text % (b"{%b}" % once))


def test_an_argument_twice_is_refused() -> None:
    with pytest.raises(BadRequest, match="uplicate"):
        taking(int).from_json(b'{"given":1,"given":2}')


def test_what_can_be_counted_is_not_parsed_twice() -> None:
    counts = member_counts({owner.__name__: owner for owner in CLASSES})
    assert set(counts) == {"Plain", "Renamed", "Open", "Checked", "Nested", "Record"}
    assert counts["Plain"](Plain(a=1)) == 1
    assert counts["Renamed"](Renamed(A=1, b=2)) == 2
    assert counts["Open"](Open.model_validate({"a": 1, "z": 2})) == 2
    assert counts["Record"](Record(1, 2)) == 2
    assert not member_counts({"number": int, "some": list[Plain], "one": Plain | None})
