"""Moments as HTTP writes them (RFC 9110, section 5.6.7).

Here they are whole seconds since 1970-01-01, in UTC: HTTP knows no smaller part of time.
"""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_LONG_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        f"(?:{_DAYS}), (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        f"(?:{_LONG_DAYS}), (?P<day>[0-9]{{2}})-{_MONTH}-(?P<short_year>[0-9]{{2}}) {_TIME} GMT",
        f"(?:{_DAYS}) {_MONTH} (?P<day>[ 0-9][0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAP_SECOND = 60
_CENTURY = 100
_FAR = 50
"""A year of two digits that would be so many years ahead is of the century before."""


@lru_cache(maxsize=256)
def http_date(seconds: int) -> bytes:
    """A moment as it is sent."""
    return format_datetime(_EPOCH + timedelta(seconds=seconds), usegmt=True).encode("ascii")


def parse_http_date(text: bytes) -> int | None:
    """A moment as it is received, in any of the three forms; None where it is in none of them."""
    for form in _FORMS:
        if found := form.fullmatch(text.decode("latin-1")):
            return _moment(found.groupdict())
    return None


def _moment(parts: dict[str, str]) -> int | None:
    month = _MONTHS.index(parts.pop("month")) + 1
    number = {name: int(digits) for name, digits in parts.items()}
    year = number["year"] if "year" in number else _full_year(number["short_year"])
    if number["second"] > _LEAP_SECOND:
        return None
    try:
        minute = datetime(year, month, number["day"], number["hour"], number["minute"], tzinfo=UTC)
    except ValueError:
        return None
    return (minute - _EPOCH) // timedelta(seconds=1) + number["second"]


def _full_year(two_digits: int) -> int:
    this = datetime.now(UTC).year
    year = this - this % _CENTURY + two_digits
    return year - _CENTURY if year > this + _FAR else year
