"""Hints for how long a result may be kept."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    Authorization,
    Example,
    SecureHashCacheControl,
    TimestampCacheControl,
    TtlCacheControl,
    action,
)

_MORNING = datetime(2024, 2, 29, 8, tzinfo=UTC)


@dataclass
class Entry:
    """What was written on one day.

    Attributes:
        text: What it says.
        updated_at: When it was last changed.
    """

    text: str
    updated_at: datetime


@action(
    triggers=WEB_GET,
    cache_control=TtlCacheControl(30),
    tags="caching",
    examples=Example("plain", result=_MORNING),
)
def last_update() -> datetime:
    """Be fresh for half a minute."""
    return _MORNING


@action(
    triggers=WEB_GET,
    cache_control=SecureHashCacheControl(timedelta(days=2)),
    tags="caching",
    examples=Example("two", {"count": 2}, ["line 1", "line 2"]),
)
def lines(count: Annotated[int, Field(le=100)]) -> list[str]:
    """Be fresh for two days, then be asked about by a hash."""
    return [f"line {number + 1}" for number in range(count)]


@action(
    triggers=WEB_GET,
    cache_control=TimestampCacheControl("updated_at"),
    tags="caching",
    examples=Example("first", {"number": 1}, Entry("Day 1", _MORNING)),
)
def entry(number: Annotated[int, Field(ge=1, le=1000)]) -> Entry:
    """Be asked about each time, by the moment of the last change."""
    return Entry(f"Day {number}", _MORNING + timedelta(days=number - 1))


@action(
    triggers=WEB_GET,
    cache_control=TtlCacheControl(60) & SecureHashCacheControl(),
    tags="caching",
    examples=Example("all", result={"cake": 4.0, "tea": 2.5}),
)
def prices() -> dict[str, float]:
    """Be fresh for a minute, then be asked about by a hash."""
    return {"cake": 4.0, "tea": 2.5}


@action(
    triggers=WEB_GET,
    cache_control=TtlCacheControl(60),
    access_control=ALLOW_AUTHENTICATED,
    tags="caching",
    examples=Example("ada", result="the diary of ada", authorization=Authorization(subject="ada")),
)
def diary(authorization: Authorization) -> str:
    """Be kept by the caller itself alone, because it depends on the caller."""
    return f"the diary of {authorization.subject}"
