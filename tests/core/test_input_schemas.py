"""What input is held to beyond its types: how it is written, and how large it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import (
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PastDate,
    TypeAdapter,
)

from servey_core import Action, Cursor, InvalidInput
from servey_core.signatures import Signature


@dataclass
class Record:
    number: int = 0
    ratio: float = 0.0
    flag: bool = False
    day: date | None = None
    moment: datetime | None = None
    price: Decimal | None = None
    data: bytes = b""


class Model(BaseModel):
    number: int = 0
    ratio: float = 0.0
    flag: bool = False
    day: date | None = None
    moment: datetime | None = None
    price: Decimal | None = None
    data: bytes = b""


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)

    number: int = 0
    day: date | None = None


class Coded(BaseModel):
    model_config = ConfigDict(val_json_bytes="hex", ser_json_bytes="hex")

    data: bytes


def taking(annotation: Any) -> Signature:
    def take(given: Any, other: str = "") -> None: ...

    take.__annotations__["given"] = annotation
    return Signature(Action(take, "take"))


def from_text(annotation: Any, text: str) -> Any:
    return taking(annotation).from_texts([("given", text)])["given"]


def quickly(annotation: Any, text: str) -> Any:
    """As a query string is read that has nothing unusual."""
    validate = taking(annotation).plain_texts_validator()
    assert validate is not None
    try:
        return validate({"given": text})["given"]
    except ValueError as error:
        raise InvalidInput from error


def in_a_list(annotation: Any, text: str) -> Any:
    [read] = from_text(list[annotation], text)
    return read


def in_a_field(annotation: Any, text: str) -> Any:
    @dataclass
    class Holder:
        field: annotation

    return taking(Holder).from_texts([("given[field]", text)])["given"].field


PLACES = [from_text, quickly, in_a_list, in_a_field]

TEXTS = {
    int: (
        ["0", "-5", "+7", "007"],
        ["1_000", " 5", "5\n", "5.0", "", "true", str(2**63), "\u0661"],
    ),
    float: (["0", "-1.5e3", ".5", "5."], ["1_000.0", " 5", "nan", "inf", "", "true", "1e999"]),
    bool: (["true", "false", "1", "0"], ["yes", "no", "on", "off", "t", "y", "True", "", "2"]),
    date: (["2024-02-29"], ["0", "86400", "-86400", "1e5", "2024", ""]),
    datetime: (["2024-02-29T08:00:00Z", "2024-02-29"], ["0", "1709193600", "1.5", ""]),
    Decimal: (["1.10", "-5", "1e3"], ["1_000", " 5", "5\n", "NaN", "Infinity", "", "\u0661"]),
    bytes: (["/+8=", "_-8=", ""], ["abc", "a", "*", "\xe9", "//8= "]),
}


@pytest.mark.parametrize("read", PLACES)
@pytest.mark.parametrize(
    ("annotation", "text"), [(kind, one) for kind, (good, _) in TEXTS.items() for one in good]
)
def test_a_text_is_read_alike_wherever_it_stands(
    read: Callable[[Any, str], Any], annotation: Any, text: str
) -> None:
    value = read(annotation, text)
    assert type(value) is annotation
    assert value == from_text(annotation, text)


@pytest.mark.parametrize("read", PLACES)
@pytest.mark.parametrize(
    ("annotation", "text"), [(kind, one) for kind, (_, bad) in TEXTS.items() for one in bad]
)
def test_a_text_of_no_such_form_is_refused_wherever_it_stands(
    read: Callable[[Any, str], Any], annotation: Any, text: str
) -> None:
    with pytest.raises(InvalidInput):
        read(annotation, text)


BAD = [
    (b'{"number":%d}' % 2**63, "#/given/number", "less_than_equal"),
    (b'{"number":%d}' % (-(2**63) - 1), "#/given/number", "greater_than_equal"),
    (b'{"number":"1"}', "#/given/number", "int_type"),
    (b'{"flag":1}', "#/given/flag", "bool_type"),
    (b'{"day":"0"}', "#/given/day", "date_type"),
    (b'{"day":0}', "#/given/day", "date_type"),
    (b'{"moment":"0"}', "#/given/moment", "datetime_type"),
    (b'{"moment":"1709193600"}', "#/given/moment", "datetime_type"),
    (b'{"moment":1709193600}', "#/given/moment", "datetime_type"),
    (b'{"price":"1_000"}', "#/given/price", "decimal_parsing"),
    (b'{"data":"abc"}', "#/given/data", "base64"),
    (b'{"data":5}', "#/given/data", "bytes_type"),
]


@pytest.mark.parametrize("annotation", [Record, Model, Model | None])
@pytest.mark.parametrize(("text", "pointer", "kind"), BAD)
def test_json_is_held_to_it_in_classes_too(
    annotation: Any, text: bytes, pointer: str, kind: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        taking(annotation).from_json(b'{"given":%b}' % text)
    [error] = caught.value.errors
    assert (error.pointer, error.type) == (pointer, kind)


@pytest.mark.parametrize("annotation", [Record, Model])
def test_json_of_the_right_form_is_read(annotation: Any) -> None:
    text = (
        b'{"given":{"number":%d,"flag":true,"day":"2024-02-29","moment":"2024-02-29T08:00Z",'
        b'"price":"1.10","data":"/w=="}}' % (2**63 - 1)
    )
    read = taking(annotation).from_json(text)["given"]
    assert (read.number, read.flag) == (2**63 - 1, True)
    assert (read.day, read.moment) == (date(2024, 2, 29), datetime(2024, 2, 29, 8, tzinfo=UTC))
    assert (read.price, read.data) == (Decimal("1.10"), b"\xff")


def test_json_within_a_text_has_values_of_its_own() -> None:
    signature = taking(list[Record])
    text = '[{"number":5.0,"ratio":1.5,"flag":true,"day":"2024-02-29","price":2}]'
    [read] = signature.from_texts([("given", text)])["given"]
    assert read == Record(5, 1.5, True, date(2024, 2, 29), None, Decimal(2))
    for bad in ('{"number":1.5}', '{"flag":2}', '{"day":5}', '{"moment":5}', '{"number":true}'):
        with pytest.raises(InvalidInput):
            signature.from_texts([("given", f"[{bad}]")])


@pytest.mark.parametrize("annotation", [int, int | None, bool | int, int | str])
def test_a_number_without_a_fraction_is_an_integer(annotation: Any) -> None:
    [read] = taking(annotation).from_json(b'{"given":5.0}').values()
    assert (type(read), read) == (int, 5)
    for bad in (b"5.5", b"1e300", b"-1e19"):
        with pytest.raises(InvalidInput):
            taking(annotation).from_json(b'{"given":%b}' % bad)


def test_python_values_are_taken_as_they_are() -> None:
    for value in (date(2024, 2, 29), datetime(2024, 2, 29, tzinfo=UTC), Decimal(1), b"abc", 5):
        assert taking(type(value)).from_python({"given": value}) == {"given": value}
    with pytest.raises(InvalidInput):
        taking(datetime).from_python({"given": 0})


@pytest.mark.parametrize(
    ("bounds", "good", "bad"),
    [
        ({"ge": 0}, 2**63 - 1, 2**63),
        ({"lt": 5}, -(2**63), -(2**63) - 1),
        ({"le": 2**80}, 2**80, 2**80 + 1),
        ({"ge": -(2**80), "le": 2**80}, -(2**80), -(2**80) - 1),
        ({"gt": 1, "le": 3}, 3, 4),
        ({"multiple_of": 2}, 2**62, 2**64),
    ],
)
def test_bounds_of_ones_own_may_be_wider(bounds: dict[str, int], good: int, bad: int) -> None:
    signature = taking(Annotated[int, Field(**bounds)])
    assert signature.from_json(b'{"given":%d}' % good) == {"given": good}
    assert signature.from_texts([("given", str(good))]) == {"given": good}
    for read in (
        lambda: signature.from_json(b'{"given":%d}' % bad),
        lambda: signature.from_texts([("given", str(bad))]),
    ):
        with pytest.raises(InvalidInput):
            read()


def test_what_a_class_says_of_itself_holds() -> None:
    strict = taking(Strict)
    read = strict.from_texts([("given[number]", "5"), ("given[day]", "2024-02-29")])["given"]
    assert read == Strict(number=5, day=date(2024, 2, 29))
    assert strict.from_json(b'{"given":{"day":"2024-02-29"}}')["given"].day == read.day
    assert taking(Coded).from_json(b'{"given":{"data":"ff"}}')["given"] == Coded(data=b"\xff")
    assert taking(Base64Bytes).from_json(b'{"given":"eA=="}') == {"given": b"x"}


def test_what_a_class_says_of_its_texts_is_not_said_of_its_numbers() -> None:
    class Long(BaseModel):
        model_config = ConfigDict(str_min_length=3, str_strip_whitespace=True)

        number: int

    assert taking(Long).from_texts([("given[number]", "5")])["given"] == Long(number=5)
    with pytest.raises(InvalidInput):
        taking(Long).from_texts([("given[number]", " 555")])


def test_constraints_are_kept() -> None:
    with pytest.raises(InvalidInput):
        taking(PastDate).from_json(b'{"given":"9999-01-01"}')
    short = taking(Annotated[bytes, Field(max_length=2)])
    assert short.from_json(b'{"given":"//8="}') == {"given": b"\xff\xff"}
    with pytest.raises(InvalidInput):
        short.from_json(b'{"given":"////"}')
    halved = taking(Annotated[int, BeforeValidator(lambda text: int(text) // 2)])
    assert halved.from_texts([("given", "10")]) == {"given": 5}


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (date | str, b'"2024-02-29"'),
        (str | date, b'"0"'),
        (int | Decimal | None, b'"1.5"'),
        (datetime | date, b'"2024-02-29"'),
        (datetime | date, b'"2024-02-29T08:00:00"'),
        (time | timedelta, b'"08:00"'),
        (int | float, b"5.0"),
        (float | int | None, b"5.0"),
        (float | int, b"5"),
    ],
)
def test_of_several_types_the_same_is_chosen_as_ever(annotation: Any, text: bytes) -> None:
    [read] = taking(annotation).from_json(b'{"given":%b}' % text).values()
    expected = TypeAdapter(annotation).validate_json(text, strict=True)
    assert (type(read), read) == (type(expected), expected)


def test_arguments_with_bytes_are_written_as_they_are_read() -> None:
    signature = taking(list[Model])
    for given in ([Model(data=b"\xff")], [{"data": "/w=="}]):
        written = signature.arguments_to_json({"given": given})
        assert signature.from_json(written) == {"given": [Model(data=b"\xff")]}


def test_a_cursor_goes_on_with_bytes() -> None:
    signature = taking(Cursor[bytes])
    written = signature.arguments_to_json({"given": b"abc"})
    assert signature.from_json(written) == {"given": b"abc"}
