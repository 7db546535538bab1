"""Caching hints, one by one and together."""

import asyncio
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypeVar

import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, computed_field
from typing_extensions import TypedDict

from servey_core import (
    ActionError,
    CacheControl,
    CacheHeaders,
    Context,
    InternalError,
    Invoker,
    SecureHashCacheControl,
    TimestampCacheControl,
    TtlCacheControl,
    action,
    action_of,
)
from servey_core.threads import WorkerPool

T = TypeVar("T")
MOMENT = datetime(2024, 2, 29, 8, 30, 15, 999_999, tzinfo=UTC)


@dataclass(frozen=True)
class Fixed(CacheControl):
    """Always the same hint."""

    hint: CacheHeaders

    def headers(self, result: object, body: bytes) -> CacheHeaders:
        return self.hint


@dataclass
class Book:
    title: str = "Emma"
    updated_at: datetime | None = MOMENT


class BookModel(BaseModel):
    updated_at: AwareDatetime = MOMENT


class OpenModel(BaseModel):
    model_config = ConfigDict(extra="allow")


class Computed(BaseModel):
    @computed_field
    def updated_at(self) -> datetime:
        return MOMENT


class Box(BaseModel, Generic[T]):
    updated_at: T


class BookDict(TypedDict):
    updated_at: NotRequired[datetime]


class UnnamedDict(TypedDict):
    title: str


class BookTuple(NamedTuple):
    title: str
    updated_at: datetime


class Attributed:
    """Its attributes are nobody's business."""


@dataclass
class Forward:
    """Its annotations cannot be evaluated here."""

    updated_at: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@dataclass
class Unnamed:
    changed: datetime = field(default=MOMENT)


@dataclass
class ByDay:
    updated_at: date = field(default_factory=date.today)


class ByText(BaseModel):
    updated_at: str | None = None


def hint(control: CacheControl, result: object = None, body: bytes = b"null") -> CacheHeaders:
    return control.headers(result, body)


def invoker(control: CacheControl, result_type: Any, result: Any = None) -> Invoker:
    def read() -> Any:
        return result

    read.__annotations__["return"] = result_type
    known = action_of(action(cache_control=control, sync_to_thread=False)(read))
    assert known is not None
    return Invoker(known, WorkerPool(1, 1))


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        (TtlCacheControl(0), 0),
        (TtlCacheControl(1.9), 1),
        (TtlCacheControl(timedelta(days=3, seconds=1)), 259_201),
        (SecureHashCacheControl(), None),
        (SecureHashCacheControl(timedelta(minutes=1)), 60),
        (TimestampCacheControl(), None),
        (TimestampCacheControl(ttl=5), 5),
    ],
)
def test_the_time_to_live_is_in_whole_seconds(control: CacheControl, seconds: int | None) -> None:
    assert hint(control).max_age == seconds


@pytest.mark.parametrize("ttl", [-1, -0.1, timedelta(microseconds=-1), math.inf, math.nan])
@pytest.mark.parametrize(
    "make", [TtlCacheControl, SecureHashCacheControl, lambda ttl: TimestampCacheControl(ttl=ttl)]
)
def test_a_time_that_cannot_be_is_refused(make: Any, ttl: Any) -> None:
    with pytest.raises(ValueError, match="a number of seconds"):
        make(ttl)


def test_of_several_hints_the_more_careful_counts() -> None:
    long, short = Fixed(CacheHeaders(60, "long")), Fixed(CacheHeaders(5, "short", private=True))
    later = Fixed(CacheHeaders(last_modified=MOMENT + timedelta(1)))
    all_of = long & Fixed(CacheHeaders(last_modified=MOMENT)) & short & later
    assert hint(all_of) == CacheHeaders(5, "long", True, MOMENT + timedelta(1))
    assert hint(Fixed(CacheHeaders()) & Fixed(CacheHeaders())) == CacheHeaders()


def test_a_hash_is_added_to_a_time() -> None:
    both = TtlCacheControl(60) & SecureHashCacheControl()
    assert hint(both, body=b"1") == CacheHeaders(60, hint(SecureHashCacheControl(), 1, b"1").etag)


def test_the_hash_is_of_the_body() -> None:
    tags = {hint(SecureHashCacheControl(), body=body).etag for body in (b"", b"1", b"2", b"2")}
    assert len(tags) == 3
    assert None not in tags


@pytest.mark.parametrize(
    "result",
    [Book(), BookModel(), BookDict(updated_at=MOMENT), BookTuple("Emma", MOMENT), Computed()],
    ids=lambda result: type(result).__name__,
)
def test_the_moment_is_the_results_own(result: object) -> None:
    assert hint(TimestampCacheControl(), result) == CacheHeaders(last_modified=MOMENT)


def test_another_field_or_a_function_may_tell_it() -> None:
    assert hint(TimestampCacheControl("changed"), Unnamed()).last_modified == MOMENT
    newest = TimestampCacheControl(lambda books: max(book.updated_at for book in books))
    books = [
        Book(updated_at=MOMENT - timedelta(1)),
        Book(),
        Book(updated_at=datetime.min.replace(tzinfo=UTC)),
    ]
    assert hint(newest, books).last_modified == MOMENT


@pytest.mark.parametrize(
    ("control", "result"),
    [
        (TimestampCacheControl(), None),
        (TimestampCacheControl(), Book(updated_at=None)),
        (TimestampCacheControl(lambda _: None), Book()),
    ],
    ids=["no result", "nothing in it", "nothing by a function"],
)
def test_where_nothing_is_known_nothing_is_told(control: CacheControl, result: object) -> None:
    assert hint(control, result) == CacheHeaders()


def test_the_moment_is_told_in_utc_and_without_a_zone_it_is_local_time() -> None:
    local = MOMENT.astimezone().replace(tzinfo=None)
    for moment in (MOMENT, MOMENT.astimezone(), local):
        told = hint(TimestampCacheControl(), Book(updated_at=moment)).last_modified
        assert told == MOMENT
        assert told.tzinfo is UTC


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"title": "Emma"}, "dict has no 'updated_at'"),
        ([Book()], "list has no 'updated_at'"),
        (Unnamed(), "Unnamed has no 'updated_at'"),
        (ByDay(), "neither a datetime nor None"),
        ({"updated_at": "2024-02-29"}, "'2024-02-29', which is neither"),
    ],
)
def test_a_result_without_a_moment_is_an_error_in_the_log(
    result: Any, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises((LookupError, TypeError), match=text):
        hint(TimestampCacheControl(), result)
    failing = invoker(TimestampCacheControl(), Any, result)
    outcome = asyncio.run(failing.invoke(failing.signature.from_json, b"{}", Context()))
    with caplog.at_level(logging.ERROR), pytest.raises(InternalError):
        outcome.cache_headers()
    assert text in caplog.text


ALLOWED: list[Any] = [
    Any,
    object,
    Book,
    Book | None,
    Annotated[Book, "a book"],
    Book | BookModel,
    BookModel,
    OpenModel,
    Computed,
    Box[datetime],
    BookDict,
    BookTuple,
    Forward,
    Attributed,
    dict[str, Any],
    TypeVar("Unbound"),
]

REFUSED: list[tuple[Any, str]] = [
    (int, "int has no"),
    (str | None, "str has no"),
    (list[Book], "list has no"),
    (tuple[Book, ...], "tuple has no"),
    (Sequence[Book], "Sequence has no"),
    (date, "date has no"),
    (time, "time has no"),
    (Unnamed, "Unnamed has no"),
    (Book | Unnamed, "Unnamed has no"),
    (UnnamedDict, "UnnamedDict has no"),
    (ByDay, r"ByDay holds <class 'datetime.date'> in"),
    (ByText, r"ByText holds str \| None in"),
]


@pytest.mark.parametrize("annotation", ALLOWED, ids=str)
def test_a_type_that_may_have_the_field_is_taken(annotation: Any) -> None:
    TimestampCacheControl().check(annotation)


@pytest.mark.parametrize(("annotation", "reason"), REFUSED, ids=str)
def test_a_type_that_cannot_have_it_is_refused_at_start_up(annotation: Any, reason: str) -> None:
    combined = TtlCacheControl(60) & TimestampCacheControl()
    with pytest.raises(ActionError, match=rf"read.*test_caching\.py:\d+.*{reason} 'updated_at'"):
        invoker(combined, annotation)


def test_a_function_is_trusted() -> None:
    TimestampCacheControl(lambda _: None).check(list[Book])
    TtlCacheControl(1).check(int)
