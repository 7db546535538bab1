"""Pages, and the cursors that lead from one to the next."""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from servey_core import Cursor, InvalidInput, Page, Signature, action, action_of
from servey_core.texts import Shape, shape_of


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Place:
    at: datetime
    key: tuple[int, str]


class Model(BaseModel):
    size: Annotated[int, Field(alias="theSize")]


@action
def by_number(after: Cursor[int] | None = None, limit: int = 20) -> Page[int]: ...


@action
def by_name(after: Cursor[str]) -> Page[str]: ...


@action
def by_place(
    after: Annotated[Cursor[Place] | None, Field(description="Where.")] = None,
) -> None: ...


@action
def from_nought(after: Cursor[Annotated[int, Field(ge=0)]] = 0) -> None: ...


def signature(function: Any) -> Signature:
    found = action_of(function)
    assert found is not None
    return Signature(found)


BY_NUMBER = signature(by_number)


def taking(kind: Any) -> Signature:
    """The signature of an action that takes a cursor of one type."""

    def page(after: Any) -> Any: ...

    page.__annotations__["after"] = Cursor[kind]
    page.__annotations__["return"] = Page[int]
    return signature(action(page))


TAKES_ANYTHING = taking(Any)


def text_of(place: Any) -> Any:
    """What a page that goes on at `place` says is next."""
    return json.loads(BY_NUMBER.result_to_json(Page([], next=place)))["next"]


def wrapped(content: bytes) -> str:
    return "1" + base64.urlsafe_b64encode(content).decode().rstrip("=")


def error_of(takes: Signature, text: Any) -> tuple[str, str, str]:
    with pytest.raises(InvalidInput) as refused:
        takes.from_json(json.dumps({"after": text}).encode())
    (error,) = refused.value.errors
    return error.pointer, error.type, error.detail


def test_a_page_has_its_items_and_an_opaque_text() -> None:
    written = BY_NUMBER.result_to_json(Page([1, 2], next=2))
    assert json.loads(written) == {"items": [1, 2], "next": "1Mg"}


def test_a_page_may_be_a_class_of_ones_own() -> None:
    @dataclass
    class Shelf:
        items: list[str]
        total: int
        next: Cursor[int] | None = None

    @action
    def shelf() -> Shelf: ...

    shelf.__annotations__["return"] = Shelf
    writes = signature(shelf).result_to_json
    assert writes(Shelf(["a"], 7, next=1)) == b'{"items":["a"],"total":7,"next":"1MQ"}'
    assert writes(Shelf([], 7)) == b'{"items":[],"total":7,"next":null}'


def test_the_last_page_leads_nowhere() -> None:
    assert BY_NUMBER.result_to_json(Page([])) == b'{"items":[],"next":null}'


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        (int, -(2**63)),
        (float, 0.1),
        (bool, False),
        (str, "é\u2028 \U0001f600"),
        (date, date(2024, 2, 29)),
        (datetime, datetime(2024, 2, 29, 12, 30, 1, 5, UTC)),
        (datetime, datetime(2024, 2, 29, 12, 30)),  # noqa: DTZ001 - as some databases give it
        (UUID, UUID(int=7)),
        (Decimal, Decimal("1.50")),
        (Colour, Colour.RED),
        (list[int], [1, 2]),
        (tuple[datetime, int], (datetime(2024, 2, 29, tzinfo=UTC), 3)),
        (dict[str, int], {"a": 1}),
        (Place, Place(datetime(2024, 2, 29, tzinfo=UTC), (1, "a"))),
        (Model, Model(theSize=3)),
        (int | str, "5"),
        (Any, {"a": [1, None]}),
    ],
)
def test_what_a_page_gives_the_parameter_takes(kind, place) -> None:
    text, takes = text_of(place), taking(kind)
    assert isinstance(text, str)
    assert takes.from_json(json.dumps({"after": text}).encode()) == {"after": place}
    assert takes.from_texts([("after", text)]) == {"after": place}
    assert takes.from_python({"after": place}) == {"after": place}
    assert shape_of(takes.parameters["after"].annotation) is Shape.ONE


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # A lone surrogate cannot be written in UTF-8.
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
    max_leaves=5,
)


@given(JSON_VALUES.filter(lambda value: value is not None))
def test_every_place_comes_back_as_it_was(place) -> None:
    text = text_of(place)
    assert text.isascii()
    assert text.replace("-", "").replace("_", "").isalnum()
    assert TAKES_ANYTHING.from_texts([("after", text)]) == {"after": place}


@given(st.integers(0, 2**40), st.data())
def test_a_tampered_cursor_is_refused_or_is_another_place(place, data) -> None:
    text = text_of(place)
    at = data.draw(st.integers(0, len(text) - 1))
    tampered = text[:at] + data.draw(st.characters(exclude_categories=["Cs"])) + text[at + 1 :]
    try:
        given = BY_NUMBER.from_texts([("after", tampered)])["after"]
    except InvalidInput as error:
        given = [one.type for one in error.errors]
    assert given == ["cursor"] or type(given) is int


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_other_text_is_refused(text) -> None:
    if text != text_of(5):
        assert error_of(BY_NUMBER, text)[:2] == ("#/after", "cursor")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "5",
        "1NQ==",  # as most libraries write it
        "1NR",  # bits that no encoder would set
        "2NQ",  # another version's
        "NQ",
        "1N Q",
        "1\u00e9",
        wrapped(b'"5"'),  # another action's
        wrapped(b"5.5"),
        wrapped(b"[5]"),
        wrapped(b"null"),
        wrapped(b"5 5"),
        wrapped(b"\xff"),
        wrapped(b"[" * 100_000),
        wrapped(b"9" * 10_000),
    ],
)
def test_what_no_page_gave_is_one_error_that_says_so(text) -> None:
    said = "This is not a cursor that this API gave out"
    assert error_of(BY_NUMBER, text) == ("#/after", "cursor", said)


@pytest.mark.parametrize("value", [5, 1.5, True, ["1NQ"], {}])
def test_in_json_a_cursor_is_a_text(value) -> None:
    assert error_of(BY_NUMBER, value)[:2] == ("#/after", "string_type")


def test_a_place_is_checked_like_any_argument() -> None:
    assert signature(from_nought).from_texts([("after", text_of(1))]) == {"after": 1}
    assert error_of(signature(from_nought), text_of(-1))[:2] == ("#/after", "cursor")
    with pytest.raises(InvalidInput):
        signature(from_nought).from_python({"after": -1})


def test_a_cursor_is_given_once() -> None:
    pairs = [("after", text_of(Place(datetime.now(UTC), (1, "a"))))] * 2
    with pytest.raises(InvalidInput) as refused:
        signature(by_place).from_texts(pairs)
    assert [one.type for one in refused.value.errors] == ["given_twice"]


def test_arguments_are_written_as_they_are_read() -> None:
    for after in (5, text_of(5)):
        assert BY_NUMBER.arguments_to_json({"after": after}) == b'{"after":"1NQ"}'
    assert BY_NUMBER.arguments_to_json({"after": None, "limit": 3}) == b'{"after":null,"limit":3}'
    assert BY_NUMBER.arguments_to_json({"after": "forged"}) == b'{"after":"forged"}'


def test_a_cursor_stays_one_with_a_description() -> None:
    place = Place(datetime(2024, 2, 29, tzinfo=UTC), (1, "a"))
    takes = signature(by_place)
    assert takes.from_json(takes.arguments_to_json({"after": place})) == {"after": place}


def test_a_name_as_a_place_is_no_cursor_yet() -> None:
    takes = signature(by_name)
    for after in ("emma", text_of("emma")):
        assert takes.from_json(takes.arguments_to_json({"after": after})) == {"after": "emma"}


def test_documents_say_that_it_is_a_text() -> None:
    (text, _) = BY_NUMBER.arguments_adapter.json_schema()["properties"]["after"]["anyOf"]
    assert text["type"] == "string"
    assert text["description"]
    own = signature(by_place).arguments_adapter.json_schema()["properties"]["after"]
    assert own["description"] == "Where."
    result = BY_NUMBER.result_adapter.json_schema(mode="serialization")
    assert result["properties"]["next"]["anyOf"] == [text, {"type": "null"}]


def test_what_json_cannot_hold_is_no_place() -> None:
    with pytest.raises(ValueError, match="serialize"):
        BY_NUMBER.result_to_json(Page([], next=object()))


def test_pages_are_plain_values() -> None:
    assert Page[int]([1], next=2) == Page([1], 2) != Page([1])
