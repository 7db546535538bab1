"""Moments as HTTP writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_web.caching.dates import http_date, parse_http_date

EXAMPLE = int(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC).timestamp())
SECONDS = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: int(moment.replace(microsecond=0).timestamp())
)


def moment_of(seconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"Sun, 06 Nov 1994 08:49:37 GMT", id="IMF-fixdate"),
        pytest.param(b"Sunday, 06-Nov-94 08:49:37 GMT", id="rfc850-date"),
        pytest.param(b"Sun Nov  6 08:49:37 1994", id="asctime-date"),
    ],
)
def test_all_three_forms_are_read(text: bytes) -> None:
    assert parse_http_date(text) == EXAMPLE


def test_the_first_form_is_written() -> None:
    assert http_date(EXAMPLE) == b"Sun, 06 Nov 1994 08:49:37 GMT"


@given(SECONDS)
def test_what_is_written_is_read_again(seconds: int) -> None:
    assert parse_http_date(http_date(seconds)) == seconds


@given(SECONDS)
def test_the_oldest_form_is_read_as_c_writes_it(seconds: int) -> None:
    assert parse_http_date(moment_of(seconds).ctime().encode()) == seconds


def test_two_digits_of_a_year_are_at_most_fifty_years_ahead() -> None:
    this = datetime.now(UTC).year
    for ahead in range(-49, 51):
        read = parse_http_date(b"Sunday, 06-Nov-%02d 08:49:37 GMT" % ((this + ahead) % 100))
        assert read is not None
        assert moment_of(read).year == this + ahead


def test_a_leap_second_is_the_next_minute() -> None:
    last = parse_http_date(b"Sat, 31 Dec 2016 23:59:60 GMT")
    assert last == parse_http_date(b"Sun, 01 Jan 2017 00:00:00 GMT")


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"0",
        b"yesterday",
        b"784111777",
        b"1994-11-06T08:49:37Z",
        b"06 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 94 08:49:37 GMT",
        b"Sun, 31 Feb 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 24:00:00 GMT",
        b"Sun, 06 Nov 1994 08:49:61 GMT",
        b"Sun, 00 Nov 1994 08:49:37 GMT",
        b"sun, 06 nov 1994 08:49:37 gmt",
        b"Sun, 06 Nov 1994 08:49:37 GMT\n",
        b"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:3\N{SUPERSCRIPT TWO} GMT".encode("latin-1"),
    ],
)
def test_what_has_none_of_the_forms_is_no_date(text: bytes) -> None:
    assert parse_http_date(text) is None


@given(st.binary() | st.from_regex(rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [\d:]{8} GMT"))
def test_nothing_makes_it_fail(text: bytes) -> None:
    assert isinstance(parse_http_date(text), int | None)
