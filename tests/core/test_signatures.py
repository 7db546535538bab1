"""Arguments and results: which input becomes which value, and what is refused."""

import dataclasses
import enum
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType
from uuid import UUID

import pytest
from pydantic import BaseModel, Field
from pydantic_core import PydanticSerializationError

from servey_core import Authorization, BadRequest, InvalidInput, Signature, SignatureError, action
from servey_core.actions import Action, action_of


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclasses.dataclass
class Filter:
    name: str = ""
    least: int = 0
    colour: Colour | None = None


@dataclasses.dataclass
class Deep:
    tags: list[str]
    filters: "list[Filter]" = dataclasses.field(default_factory=list)
    inner: "Deep | None" = None


class Book(BaseModel):
    isbn: str
    published: date | None = None


Isbn = NewType("Isbn", str)


def _action(function: Callable[..., Any]) -> Action:
    found = action_of(action(function))
    assert found is not None
    return found


def _signature(function: Callable[..., Any]) -> Signature:
    return Signature(_action(function))


def _taking(annotation: Any) -> Signature:
    def takes(value: Any) -> None: ...

    takes.__annotations__["value"] = annotation
    return _signature(takes)


def _giving(annotation: Any) -> Signature:
    def gives() -> Any: ...

    gives.__annotations__["return"] = annotation
    return _signature(gives)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (str, "007", "007"),
        (int, "007", 7),
        (int, "-5", -5),
        (float, "1.5e3", 1500.0),
        (bool, "true", True),
        (int | None, "5", 5),
        (str | None, "null", "null"),
        (Annotated[int, Field(ge=1)], "3", 3),
        (Colour, "2", Colour.BLUE),
        (Colour | None, "1", Colour.RED),
        (Literal[1, "two"], "1", 1),
        (Literal[1, "two"], "two", "two"),
        (date, "2026-02-03", date(2026, 2, 3)),
        (Decimal, "1.10", Decimal("1.10")),
        (UUID, "12345678123456781234567812345678", UUID("12345678123456781234567812345678")),
        (bytes, "/w-A", b"\xff\x0f\x80"),
        (Isbn, "123", "123"),
        (list[int], "5", [5]),
        (Any, '{"a": [1]}', {"a": [1]}),
        (list[Filter], '[{"name": "x"}]', [Filter("x")]),
    ],
)
def test_text_is_coerced_by_the_annotation(annotation: Any, text: str, value: object) -> None:
    read = _taking(annotation).from_texts([("value", text)])
    assert read == {"value": value}
    assert type(read["value"]) is type(value)


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (int, "1_000"),
        (int, " 1"),
        (int, "1.0"),
        (int, "\N{ARABIC-INDIC DIGIT ONE}"),
        (int, ""),
        (int, "9" * 5000),
        (float, "nan"),
        (float, "inf"),
        (float, "1e999"),
        (float, "1_0.0"),
        (Colour, "3"),
        (Literal[1], "2"),
        (Annotated[int, Field(ge=1)], "0"),
        (list[int], "x"),
    ],
)
def test_text_that_is_none_of_the_type_is_refused(annotation: Any, text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        _taking(annotation).from_texts([("value", text)])
    assert len(caught.value.errors) == 1
    assert caught.value.errors[0].pointer.startswith("#/value")


def test_a_list_takes_its_name_several_times_and_a_single_value_only_once() -> None:
    def takes(several: list[str], one: str = "") -> None: ...

    signature = _signature(takes)
    assert signature.from_texts([("several", "a"), ("several", "b")]) == {"several": ["a", "b"]}
    with pytest.raises(InvalidInput) as caught:
        signature.from_texts([("several", "a"), ("one", "1"), ("one", "2")])
    assert caught.value.errors[0].pointer == "#/one"


def test_an_object_takes_one_name_for_each_field_or_json() -> None:
    signature = _taking(Filter)
    by_fields = [("value[name]", "x"), ("value[least]", "3"), ("value[colour]", "RED")]
    assert signature.from_texts(by_fields[:2]) == {"value": Filter("x", 3)}
    with pytest.raises(InvalidInput) as caught:
        signature.from_texts(by_fields)
    assert [error.pointer for error in caught.value.errors] == ["#/value/colour"]
    assert signature.from_texts([("value", '{"name": "x"}')]) == {"value": Filter("x")}


def test_a_field_that_is_one_of_several_values_is_told_by_its_text() -> None:
    class Paint(BaseModel):
        colour: Colour = Field(alias="in")
        coats: Literal[1, 2] | None = None

    signature = _taking(Filter | None)
    read = signature.from_texts([("value[colour]", "2")])
    assert read == {"value": Filter(colour=Colour.BLUE)}
    assert signature.from_texts([("value", '{"colour": 2}')]) == read
    painted = _taking(Paint).from_texts([("value[in]", "1"), ("value[coats]", "2")])["value"]
    assert (painted.colour, painted.coats) == (Colour.RED, 2)


def test_an_object_that_holds_more_than_plain_fields_is_json() -> None:
    text = '{"tags": ["a"], "filters": [{"name": "x"}], "inner": {"tags": []}}'
    read = _taking(Deep).from_texts([("value", text)])
    assert read == {"value": Deep(["a"], [Filter("x")], Deep([]))}
    with pytest.raises(InvalidInput):
        _taking(Deep).from_texts([("value[tags]", "a")])


@pytest.mark.parametrize("name", ["value[name", "value]name[", "other[name]", "value[name]x"])
def test_a_name_that_is_no_field_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        _taking(Filter).from_texts([(name, "x")])


def test_a_field_twice_is_refused() -> None:
    for pairs in ([("value[name]", "a")] * 2, [("value[name]", "a"), ("value[name][x]", "b")]):
        with pytest.raises(InvalidInput, match="Invalid input"):
            _taking(Filter).from_texts(pairs)


@pytest.mark.parametrize(
    ("annotation", "text", "value"),
    [
        (int, b"5", 5),
        (int, str(2**63 - 1).encode(), 2**63 - 1),
        (float, b"5", 5.0),
        (date, b'"2026-02-03"', date(2026, 2, 3)),
        (Colour, b"2", Colour.BLUE),
        (tuple[int, ...], b"[1, 2]", (1, 2)),
        (Book, b'{"isbn": "1"}', Book(isbn="1")),
        (Filter | None, b"null", None),
    ],
)
def test_json_is_read_by_the_annotation(annotation: Any, text: bytes, value: object) -> None:
    assert _taking(annotation).from_json(b'{"value": %b}' % text) == {"value": value}


@pytest.mark.parametrize(
    ("annotation", "text"),
    [(int, b'"5"'), (int, b"true"), (int, b"5.5"), (str, b"5"), (bool, b"1"), (bool, b'"true"')],
)
def test_json_is_not_coerced(annotation: Any, text: bytes) -> None:
    with pytest.raises(InvalidInput):
        _taking(annotation).from_json(b'{"value": %b}' % text)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"value": NaN}',
        b'{"value": -Infinity}',
        b'{"value": 1e999}',
        b'{"value": 1, "value": 2}',
        b'{"value": {"a": 1, "a": 2}}',
        b'{"value": "\\ud800"}',
        b'\xef\xbb\xbf{"value": 1}',
        b'{"value": "\xff"}',
        b'{"value": ' + b"[" * 100_000,
        b'{"value": ' + b"9" * 5000 + b"}",
        b'{"value": ' + b"9" * 400 + b".0}",
    ],
)
def test_what_is_not_strict_json_is_a_bad_request(text: bytes) -> None:
    with pytest.raises(BadRequest):
        _taking(Any).from_json(text)


def test_a_member_twice_is_a_bad_request_where_all_is_plain_too() -> None:
    for text in (b'{"value": 1, "value": 2}', b'{"value": 1, "value" :2}'):
        with pytest.raises(BadRequest, match="duplicate"):
            _taking(int).from_json(text)
    assert _taking(str).from_json(b'{"value": "a: b"}') == {"value": "a: b"}


def test_a_large_exponent_inside_a_string_is_only_text() -> None:
    assert _taking(str).from_json(b'{"value": "1e999"}') == {"value": "1e999"}


def test_every_bad_field_has_one_entry_with_its_pointer() -> None:
    def takes(a: int, b: list[Filter], c: int | bool = 0) -> None: ...

    with pytest.raises(InvalidInput) as caught:
        _signature(takes).from_json(b'{"b": [{"least": 1}, {"least": "x"}], "c": "x", "a/b~": 1}')
    found = {error.pointer: error.type for error in caught.value.errors}
    assert found == {
        "#/a": "missing",
        "#/b/1/least": "int_type",
        "#/c": "int_type",
        "#/a~1b~0": "extra_forbidden",
    }
    assert "; or: " in next(e.detail for e in caught.value.errors if e.pointer == "#/c")


def test_unknown_fields_are_refused_in_plain_dataclasses_too() -> None:
    with pytest.raises(InvalidInput) as caught:
        _taking(Filter).from_json(b'{"value": {"nmae": "x"}}')
    assert caught.value.errors[0].pointer == "#/value/nmae"


def test_a_default_is_the_functions_own() -> None:
    def takes(a: int = 3) -> None: ...

    assert _signature(takes).from_json(b"{}") == {}


def test_authorization_is_injected_and_never_read() -> None:
    def takes(who: Authorization | None, sure: Authorization) -> None: ...

    signature = _signature(takes)
    assert signature.injected == {"who": False, "sure": True}
    assert signature.parameters == {}
    with pytest.raises(InvalidInput):
        signature.from_json(b'{"who": {"subject": "root"}}')


def test_parameters_are_described_by_the_docstring() -> None:
    def takes(a: int) -> None:
        """Do it.

        Args:
            a: How often.
        """

    signature = _signature(takes)
    assert signature.parameters["a"].description == "How often."
    assert signature.arguments_adapter.json_schema()["properties"]["a"]["description"]


NOW = datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001 - that it has no zone is the point


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (str, "é", '"é"'),
        (type(None), None, "null"),
        (datetime, NOW.replace(tzinfo=UTC), '"2026-01-02T03:04:05Z"'),
        (
            datetime,
            NOW.replace(tzinfo=timezone(timedelta(hours=2))),
            '"2026-01-02T03:04:05+02:00"',
        ),
        (set[str], {"b", "c", "a"}, '["a","b","c"]'),
        (dict[str, frozenset[int]], {"x": frozenset({3, 1, 2})}, '{"x":[1,2,3]}'),
        (set[int | str], {1, "a"}, "['a',1]".replace("'", '"')),
        (Colour, Colour.RED, "1"),
        (Decimal, Decimal("1.10"), '"1.10"'),
        (list[Book], [Book(isbn="1")], '[{"isbn":"1","published":null}]'),
    ],
)
def test_results_are_written_by_the_annotation(annotation: Any, value: Any, text: str) -> None:
    assert _giving(annotation).result_to_json(value).decode() == text


@dataclasses.dataclass
class Holder:
    when: datetime
    names: set[str]
    inner: "Holder | None" = None


class Model(BaseModel):
    when: datetime
    names: set[str]
    holders: list[Holder] = []


@pytest.mark.parametrize("holds", [Model, list[Model]])
def test_models_are_mended_too(holds: Any) -> None:
    local = NOW.astimezone().isoformat().replace("+00:00", "Z")
    value = Model(when=NOW, names={"b", "a"}, holders=[Holder(NOW, {"d", "c"})])
    text = _giving(holds).result_to_json(value if holds is Model else [value]).decode()
    assert text.count(local) == 2
    assert '["a","b"]' in text
    assert '["c","d"]' in text


def test_a_naive_moment_is_local_time_however_deep_it_lies() -> None:
    local = NOW.astimezone().isoformat().replace("+00:00", "Z")
    value = Holder(NOW, {"b", "a"}, Holder(NOW, {"d", "c"}))
    text = _giving(Holder).result_to_json(value).decode()
    assert text == (
        f'{{"when":"{local}","names":["a","b"],'
        f'"inner":{{"when":"{local}","names":["c","d"],"inner":null}}}}'
    )


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (str, 5),
        (int, 1.5),
        (Book, {"isbn": "1"}),
        (type(None), 1),
        (str, "\ud800"),
    ],
)
def test_a_result_of_another_type_is_not_written(annotation: Any, value: Any) -> None:
    with pytest.raises(PydanticSerializationError):
        _giving(annotation).result_to_json(value)


class Opaque: ...


def no_annotation(x) -> None: ...  # type: ignore[no-untyped-def]
def no_result(x: int): ...  # type: ignore[no-untyped-def]
def forward(x: "Nowhere") -> None: ...  # type: ignore[name-defined]  # noqa: F821
def opaque(x: Opaque) -> None: ...
def opaque_result() -> Opaque: ...  # type: ignore[empty-body]
def any_number(*x: int) -> None: ...
def any_names(**x: int) -> None: ...
def by_position(x: int, /) -> None: ...


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (no_annotation, "'x' has no annotation"),
        (no_result, "the result has no annotation"),
        (forward, "'x' has an annotation that fails: name 'Nowhere' is not defined"),
        (opaque, "'x' has a type that cannot be validated"),
        (opaque_result, "the result has a type that cannot be validated"),
        (any_number, "'x' takes any number"),
        (any_names, "'x' takes any names"),
        (by_position, "'x' is positional-only"),
    ],
)
def test_a_bad_annotation_names_action_place_and_parameter(
    function: Callable[..., Any], named: str
) -> None:
    with pytest.raises(SignatureError, match=named) as caught:
        _signature(function)
    assert function.__name__ in str(caught.value)
    assert f"{__file__}:" in str(caught.value)
