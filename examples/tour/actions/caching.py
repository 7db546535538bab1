"""Hints for how long a result may be kept."""

from datetime import UTC, datetime, timedelta

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    Authorization,
    Example,
    SecureHashCacheControl,
    TtlCacheControl,
    action,
)

_MORNING = datetime(2024, 2, 29, 8, tzinfo=UTC)


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
def lines(count: int) -> list[str]:
    """Be fresh for two days, then be asked about by a hash."""
    return [f"line {number + 1}" for number in range(count)]


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
