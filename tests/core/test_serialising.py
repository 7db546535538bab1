"""Results as JSON: what is of the annotated type is written, and nothing else is."""

import enum
from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Generic, Literal, NamedTuple, NotRequired, TypeVar
from uuid import UUID

import pydantic.dataclasses
import pytest
from pydantic import (
    Base64UrlBytes,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    computed_field,
    field_serializer,
    model_serializer,
)
from pydantic_core import PydanticSerializationError
from typing_extensions import TypedDict

from servey_core.serialising import json_writer

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"


class Word(str):
    __slots__ = ()


VALUES: dict[type, Any] = {
    bool: True,
    date: date(2024, 2, 29),
    datetime: datetime(2024, 2, 29, 8, tzinfo=UTC),
    Decimal: Decimal("1.10"),
    float: 1.5,
    int: 5,
    str: "x",
    time: time(8, 30),
    timedelta: timedelta(days=1),
    UUID: UUID(int=1),
    bytes: b"x",
    Colour: Colour.RED,
    list: [1],
    dict: {"a": 1},
    object: object(),
}
"""A value of each type."""

TEXTS = {
    bool: b"true",
    date: b'"2024-02-29"',
    datetime: b'"2024-02-29T08:00:00Z"',
    Decimal: b'"1.10"',
    float: b"1.5",
    int: b"5",
    str: b'"x"',
    time: b'"08:30:00"',
    timedelta: b'"P1D"',
    UUID: b'"00000000-0000-0000-0000-000000000001"',
    bytes: b'"eA=="',
    Colour: b'"red"',
}

FITTING = {
    float: {bool, int, Decimal},
    int: {bool},
}
"""What Python or pydantic takes for a value of another type."""


def holders(kind: Any, good: Any = None) -> dict[str, Callable[[Any], Any]]:
    """What makes an instance with a field of a type, whatever the value is; by its sort.

    Args:
        kind: The type.
        good: A value of it.
    """

    class Model(BaseModel):
        field: kind

    class Frozen(BaseModel):
        model_config = ConfigDict(frozen=True)

        field: kind

    class Inherited(Model):
        other: int = 0

    class Aliased(BaseModel):
        field: kind = Field(alias="other")

    class Open(BaseModel):
        model_config = ConfigDict(extra="allow")

        field: kind

    class Computed(BaseModel):
        field: kind

        @computed_field
        @property
        def twice(self) -> int:
            return 2

    class Outer(BaseModel):
        inner: Model

    @dataclass
    class Record:
        field: kind

    @dataclass(slots=True)
    class Slots:
        field: kind

    @dataclass(frozen=True)
    class FrozenRecord:
        field: kind

    @dataclass
    class InheritedRecord(Record):
        other: int = 0

    @pydantic.dataclasses.dataclass
    class Checked:
        field: kind

    @dataclass
    class OuterRecord:
        inner: Record
        others: list[Record]

    def checked(value: Any) -> Any:
        made = Checked.__new__(Checked)
        made.field = value
        return made

    return {
        "model": lambda value: Model.model_construct(field=value),
        "frozen model": lambda value: Frozen.model_construct(field=value),
        "inherited": lambda value: Inherited.model_construct(field=value),
        "aliased": lambda value: Aliased.model_construct(field=value),
        "open": lambda value: Open.model_construct(field=value),
        "computed": lambda value: Computed.model_construct(field=value),
        "nested": lambda value: Outer.model_construct(inner=Model.model_construct(field=value)),
        "dataclass": Record,
        "slots": Slots,
        "frozen": FrozenRecord,
        "inherited dataclass": InheritedRecord,
        "pydantic's dataclass": checked,
        "nested dataclass": lambda value: OuterRecord(Record(value), []),
        "in a list": lambda value: OuterRecord(Record(good), [Record(value)]),
    }


SORTS = list(holders(int))


def refused(annotation: Any, value: Any) -> bool:
    try:
        json_writer(TypeAdapter(annotation))(value)
    except PydanticSerializationError:
        return True
    return False


@pytest.mark.parametrize("kind", TEXTS)
def test_each_type_has_its_own_form_and_takes_no_other(kind: type) -> None:
    write = json_writer(TypeAdapter(kind))
    assert write(VALUES[kind]) == TEXTS[kind]
    fitting = {kind, *FITTING.get(kind, ())}
    for other, value in {**VALUES, type(None): None}.items():
        assert refused(kind, value) == (other not in fitting), other


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("kind", TEXTS)
def test_a_field_of_another_type_is_refused(kind: type, sort: str) -> None:
    make = holders(kind, VALUES[kind])[sort]
    good = make(VALUES[kind])
    write = json_writer(TypeAdapter(type(good)))
    assert TEXTS[kind] in write(good)
    fitting = {kind, *FITTING.get(kind, ())}
    for other, value in {**VALUES, type(None): None}.items():
        if other not in fitting:
            with pytest.raises(PydanticSerializationError):
                write(make(value))


@pytest.mark.parametrize("sort", SORTS)
def test_none_may_be_where_the_type_says_so(sort: str) -> None:
    for kind in (int | None, Literal["a"] | None, list[int] | None, Any):
        value = holders(kind)[sort](None)
        assert b"null" in json_writer(TypeAdapter(type(value)))(value)


class Book(BaseModel):
    title: str
    year: int = 2024
    author: str | None = None


class Novel(Book):
    secret: str = "s"


@dataclass
class Page:
    number: int
    notes: list[str] = field(default_factory=list)
    width: InitVar[int] = 5


class Titled(TypedDict):
    title: str
    year: NotRequired[int]


class Point(NamedTuple):
    x: int
    y: int


class Node(BaseModel):
    value: int
    children: list["Node"] = []


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    name: str


class Dog(BaseModel):
    kind: Literal["dog"] = "dog"
    age: int


class Names(RootModel[list[str]]): ...


class Box(BaseModel, Generic[T]):
    content: T


class Words(BaseModel):
    """Its fields are called as parts of schemas, and of checks, are."""

    type: str = "a"
    default: set[str] = {"b", "a"}
    value: int = 1
    owner: datetime | None = None


class Loud(BaseModel):
    text: str

    @field_serializer("text")
    def shout(self, text: Any) -> Any:
        return text and text.upper()


class Own(BaseModel):
    text: str

    @model_serializer
    def write(self) -> Any:
        return None


class Hidden(BaseModel):
    shown: int | None
    hidden: int = Field(exclude=True)


class Wrong(BaseModel):
    @computed_field
    @property
    def number(self) -> int:
        return "one"  # type: ignore[return-value]


BOOK = Book(title="Emma")
NULL_TITLE = Book.model_construct(title=None)


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (Book, BOOK, '{"title":"Emma","year":2024,"author":null}'),
        (Book, Novel(title="Emma"), '{"title":"Emma","year":2024,"author":null}'),
        (list[Book], [Novel(title="E")], '[{"title":"E","year":2024,"author":null}]'),
        (Book | None, None, "null"),
        (str, Word("x"), '"x"'),
        (Literal["a", 1], "a", '"a"'),
        (Literal["a", 1, None], None, "null"),  # noqa: PYI061 - it is another schema
        (list[Literal["a"]], ["a"], '["a"]'),
        (Literal["a"] | int, 5, "5"),
        (Page, Page(1, ["x"]), '{"number":1,"notes":["x"]}'),
        (Titled, {"title": "E"}, '{"title":"E"}'),
        (Point, Point(1, 2), "[1,2]"),
        (Node, Node(value=1, children=[Node(value=2)]), None),
        (Cat | Dog, Dog(age=1), '{"kind":"dog","age":1}'),
        (Names, Names(["x"]), '["x"]'),
        (Box[int], Box[int](content=1), '{"content":1}'),
        (Box[Any], Box[Any](content=None), '{"content":null}'),
        (Words, Words(), '{"type":"a","default":["a","b"],"value":1,"owner":null}'),
        (Loud, Loud.model_construct(text=None), '{"text":null}'),
        (list[Own], [Own(text="x")], "[null]"),
        (Hidden, Hidden.model_construct(shown=None, hidden=None), '{"shown":null}'),
        (dict[str, int | None], {"a": None}, '{"a":null}'),
        (dict[str, str], {"a": "null"}, '{"a":"null"}'),
        (tuple[int, str | None], (1, None), "[1,null]"),
        (list[Any], [None], "[null]"),
    ],
)
def test_what_fits_is_written(annotation: Any, value: Any, text: str | None) -> None:
    written = json_writer(TypeAdapter(annotation))(value).decode()
    assert text is None or written == text


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (Book, None),
        (Book, {"title": "Emma"}),
        (Book, Page(1)),
        (Book, type("Row", (), {"title": "Emma"})()),
        (Book, NULL_TITLE),
        (Book, Book.model_construct(year=1)),
        (list[Book], [NULL_TITLE]),
        (list[Book], None),
        (list[Book], [None]),
        (list[Book], (BOOK,)),
        (list[Book] | None, [NULL_TITLE]),
        (dict[str, Book], {"a": NULL_TITLE}),
        (dict[str, int], {"a": None}),
        (dict[str, int], None),
        (set[int], {None}),
        (tuple[int, ...], (1, None)),
        (tuple[int, str], (1, None)),
        (Page, Page(1, [None])),  # type: ignore[list-item]
        (Page, Page(1, None)),  # type: ignore[arg-type]
        (Titled, {"title": None}),
        (Node, Node.model_construct(value=1, children=[Node.model_construct(value=None)])),
        (Box[int], Box[int].model_construct(content=None)),
        (int | str, None),
        (int | str, 1.5),
        (Literal["a", 1], "b"),
        (Literal["a", 1], 2),
        (Literal["a"], None),
        (Literal["a"] | int, "b"),
        (list[Literal["a"]], ["a", "b"]),
        (dict[str, Literal[1]], {"x": "1"}),
        (Cat | Dog, None),
        (Cat, Cat.model_construct(kind="dog", name="x")),
        (Wrong, Wrong()),
        (str, "\ud800"),
    ],
)
def test_what_does_not_fit_is_refused(annotation: Any, value: Any) -> None:
    assert refused(annotation, value)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("annotation", [float, float | None, float | str, list[float], Any])
def test_a_number_that_json_has_not_is_refused_where_one_is_due(
    annotation: Any, number: float
) -> None:
    value = [number] if annotation == list[float] else number
    assert refused(annotation, value) == (annotation is not Any)
    assert not refused(annotation, [1e308] if annotation == list[float] else 1e308)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("kind", [float, float | None])
def test_a_field_with_a_number_that_json_has_not_is_refused(kind: Any, sort: str) -> None:
    make = holders(kind, 0.5)[sort]
    assert not refused(type(make(1.5)), make(1.5))
    for number in (float("nan"), float("inf"), float("-inf")):
        assert refused(type(make(1.5)), make(number))


class Coded(BaseModel):
    model_config = ConfigDict(ser_json_bytes="hex", val_json_bytes="hex")

    data: bytes


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (list[bytes], [b"\xff\xfe"], b'["//4="]'),
        (dict[str, bytes | None], {"a": b"x", "b": None}, b'{"a":"eA==","b":null}'),
        (Base64UrlBytes, b"\xff\xfe", b'"__4="'),
        (Coded, Coded(data=b"\xff"), b'{"data":"ff"}'),
    ],
)
def test_bytes_are_base64_unless_they_say_otherwise(
    annotation: Any, value: Any, text: bytes
) -> None:
    assert json_writer(TypeAdapter(annotation))(value) == text


def test_a_refusal_says_what_is_wrong() -> None:
    with pytest.raises(PydanticSerializationError, match=r"Expected Book, got NoneType\."):
        json_writer(TypeAdapter(Book))(None)
    with pytest.raises(PydanticSerializationError, match="It is None, or a part of it is"):
        json_writer(TypeAdapter(list[Book]))([NULL_TITLE])
    slots = holders(int)["slots"](5)
    del slots.field
    with pytest.raises(PydanticSerializationError, match=r"A field is missing: .*'field'"):
        json_writer(TypeAdapter(type(slots)))(slots)
