"""Cron expressions: which days and times they name, and how fast."""

import sys
from datetime import UTC, datetime
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_sched.schedules.cron import Cron

START = datetime(2026, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


def first_days(expression: str, number: int) -> list[str]:
    ticks = islice(Cron(expression).between(START, FOREVER), number)
    return [tick.date().isoformat() for tick in ticks]


def test_the_thirteenth_or_a_friday_is_either() -> None:
    assert first_days("0 1 13 * 5", 4) == ["2026-01-02", "2026-01-09", "2026-01-13", "2026-01-16"]


def test_a_day_field_that_begins_with_a_star_narrows_the_other() -> None:
    assert first_days("0 1 */2 * 5", 2) == ["2026-01-09", "2026-01-23"]


@pytest.mark.parametrize(
    ("expression", "days"),
    [
        ("0 1 L * *", ["2026-01-31", "2026-02-28"]),
        ("0 1 LW * *", ["2026-01-30", "2026-02-27"]),
        ("0 1 * * 5L", ["2026-01-30", "2026-02-27"]),
        ("0 1 * * FRI#2", ["2026-01-09", "2026-02-13"]),
        ("0 1 29 2 *", ["2028-02-29", "2032-02-29"]),
        ("0 1 31 * *", ["2026-01-31", "2026-03-31"]),
        ("0 1 1 jan,jul *", ["2026-01-01", "2026-07-01"]),
    ],
)
def test_days_of_a_month(expression: str, days: list[str]) -> None:
    assert first_days(expression, 2) == days


def test_a_sixth_field_is_the_second() -> None:
    ticks = islice(Cron("*/20 * * * * *").between(START, FOREVER), 3)
    assert [(tick - START).seconds for tick in ticks] == [20, 40, 60]


def test_an_expression_is_read_in_utc_where_no_zone_is_named() -> None:
    tick = Cron("0 9 * * *").next_after(START)
    assert tick == datetime(2026, 1, 1, 9, tzinfo=UTC)
    assert tick.tzinfo is UTC


def test_schedules_that_say_the_same_are_equal() -> None:
    assert Cron("0 9 * * *", "Europe/Paris") == Cron("0 9 * * *", "Europe/Paris")
    assert Cron("0 9 * * *", "Europe/Paris") != Cron("0 9 * * *")
    assert len({Cron("0 9 * * *"), Cron("0 9 * * *")}) == 1


@pytest.mark.parametrize(
    "expression", ["*/5 * * * *", "0 9 * * 1-5", "30 2 * * *", "*/7 * * * * *"]
)
def test_the_next_tick_takes_no_long_search(expression: str) -> None:
    ticks = Cron(expression, "Europe/Paris").between(START, FOREVER)
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        assert sum(1 for _ in islice(ticks, 5000)) == 5000
    finally:
        sys.setprofile(None)
    assert calls < 5000 * 300  # by minutes, a day has 1440


def test_the_end_of_the_calendar_is_the_end_of_the_ticks() -> None:
    late = datetime(9999, 12, 31, 22, 30, tzinfo=UTC)
    assert Cron("0 0 1 1 *").next_after(late) is None
    assert Cron("0 0 * * *", "America/New_York").next_after(late) is None


@given(st.text(alphabet="0123456789*,-/#LWSUNJAN @", max_size=25))
def test_any_text_is_an_expression_or_is_refused_by_its_field(text: str) -> None:
    try:
        cron = Cron(text)
    except ValueError as error:
        assert str(error).startswith(f"expression: {text!r} ")  # noqa: PT017 - either may be
    else:
        assert cron.next_after(START) > START
