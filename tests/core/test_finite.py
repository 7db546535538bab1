"""Numbers that are not finite stay out, wherever in the input they hide."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import pytest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from typing_extensions import TypedDict

from servey_core import Action, BadRequest, InvalidInput
from servey_core.signatures import Signature

NUMBERS = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "1e999": b"1e999",
    "-1E+0400": b"-1E+0400",
    "250 digits and e60": b"1" + b"0" * 250 + b"e60",
}

T = TypeVar("T")


class Place(BaseModel):
    """A model, whose numbers pydantic lets be anything."""

    x: float


class Inner(BaseModel):
    place: Place


@dataclass
class Record:
    x: float


class Point(NamedTuple):
    x: float


class Members(TypedDict):
    x: float


class Box(BaseModel, Generic[T]):
    x: T


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


class Explicit(BaseModel):
    x: Annotated[float, Field(allow_inf_nan=True)]


class Lenient(BaseModel):
    model_config = ConfigDict(allow_inf_nan=True)

    x: float


class AsText(BaseModel):
    x: Annotated[str, BeforeValidator(str)]


class Made(BaseModel):
    x: float

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)


class Words(BaseModel):
    """Its fields are called as parts of schemas are."""

    type: float = 0.0
    default: float = 0.0
    metadata: float = 0.0
    config: float = 0.0
    ref: float = 0.0


class Tree(BaseModel):
    x: float = 0.0
    branches: list["Tree"] = []


class Cat(BaseModel):
    type: Literal["cat"]
    x: float


class Dog(BaseModel):
    type: Literal["dog"]
    x: float


class Kind(Enum):
    ONE = {"type": "float"}  # noqa: RUF012 - it only looks like a schema


class Filled(BaseModel):
    """Its defaults look like parts of schemas."""

    schema_like: dict[str, str] = {"type": "float"}
    point: Point = Point(1.0)
    kind: Kind = Kind.ONE


def taking(annotation: Any) -> Signature:
    def take(given: Any) -> None: ...

    take.__annotations__["given"] = annotation
    return Signature(Action(take, "take"))


HOLDERS = [
    (float, b"%s"),
    (Place, b'{"x":%s}'),
    (Inner, b'{"place":{"x":%s}}'),
    (Record, b'{"x":%s}'),
    (Point, b"[%s]"),
    (Members, b'{"x":%s}'),
    (Box[float], b'{"x":%s}'),
    (Open, b'{"y":%s}'),
    (Open, b'{"y":[{"z":%s}]}'),
    (Explicit, b'{"x":%s}'),
    (Lenient, b'{"x":%s}'),
    (AsText, b'{"x":%s}'),
    (Made, b'{"x":%s}'),
    *(
        (Words, b'{"%b":%%s}' % name)
        for name in (b"type", b"default", b"metadata", b"config", b"ref")
    ),
    (Tree, b'{"branches":[{"branches":[{"x":%s}]}]}'),
    (Annotated[Cat | Dog, Field(discriminator="type")], b'{"type":"dog","x":%s}'),
    (Place | None, b'{"x":%s}'),
    (int | float | str, b"%s"),
    (list, b"[%s]"),
    (list[Any], b"[%s]"),
    (list[Record], b'[{"x":%s}]'),
    (set[float], b"[%s]"),
    (tuple[float, ...], b"[%s]"),
    (dict, b'{"x":%s}'),
    (dict[str, float], b'{"x":%s}'),
    (dict[str, Place], b'{"a":{"x":%s}}'),
    (Any, b"%s"),
    (Any, b'[{"x":[%s]}]'),
    (object, b"[%s]"),
]


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize(("annotation", "text"), HOLDERS)
def test_json_with_a_number_that_is_not_finite_is_refused(
    annotation: Any, text: bytes, number: bytes
) -> None:
    signature = taking(annotation)
    with pytest.raises(BadRequest):
        signature.from_json(b'{"given":%b}' % text.replace(b"%s", number))


@pytest.mark.parametrize("annotation", dict.fromkeys(one for one, _ in HOLDERS))
def test_finite_numbers_are_read(annotation: Any) -> None:
    signature = taking(annotation)
    for _, text in (one for one in HOLDERS if one[0] == annotation):
        signature.from_json(b'{"given":%b}' % text.replace(b"%s", b"1.5"))


@pytest.mark.parametrize("text", ["nan", "inf", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    ("annotation", "name"),
    [(float, "given"), (list[float], "given"), (Place, "given[x]"), (Record, "given[x]")],
)
def test_texts_are_refused_alike(annotation: Any, name: str, text: str) -> None:
    with pytest.raises(InvalidInput):
        taking(annotation).from_texts([(name, text)])
    taking(annotation).from_texts([(name, "1.5")])


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_python_values_are_refused_alike(number: float) -> None:
    for annotation, value in [(float, number), (Place, {"x": number}), (Record, {"x": number})]:
        with pytest.raises(InvalidInput):
            taking(annotation).from_python({"given": value})


def test_a_field_that_takes_them_has_them_from_texts_and_from_python() -> None:
    signature = taking(Explicit)
    infinity = float("inf")
    assert signature.from_texts([("given[x]", "inf")])["given"].x == infinity
    assert signature.from_python({"given": {"x": infinity}})["given"].x == infinity


def test_defaults_are_left_as_they_are() -> None:
    filled = taking(Filled).from_json(b'{"given":{}}')["given"]
    assert filled == Filled()
    assert filled.schema_like == {"type": "float"}
    assert type(filled.point) is Point


@pytest.mark.parametrize("annotation", [float, Place, Record])
def test_an_integer_that_no_float_holds_is_refused_where_one_is_wanted(annotation: Any) -> None:
    text = b"1" * 400 if annotation is float else b'{"x":%b}' % (b"1" * 400)
    with pytest.raises(InvalidInput):
        taking(annotation).from_json(b'{"given":%b}' % text)


def test_a_large_number_that_a_float_holds_is_read() -> None:
    signature = taking(Any)
    for text, value in [(b"1e308", 1e308), (b"1" + b"0" * 209 + b"e98", 1e307), (b"1e-999", 0.0)]:
        assert signature.from_json(b'{"given":%b}' % text) == {"given": value}
