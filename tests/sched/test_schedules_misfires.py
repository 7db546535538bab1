"""Ticks that nobody was there for, and clocks that are set."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_sched.schedules.cron import Cron
from servey_sched.schedules.misfires import COUNTED, Misfire, due, missed
from servey_sched.schedules.moments import Moment
from servey_sched.schedules.rates import FixedRate
from servey_sched.schedules.ticks import Ticks

HOURLY = FixedRate.every(3600)
MIDNIGHT = datetime(2026, 5, 1, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
POLICIES = [Misfire.once(), Misfire.skip(), Misfire.all(5)]


class Counting(Ticks):
    """Ticks that count how often they are asked."""

    def __init__(self, ticks: Ticks) -> None:
        self.ticks = ticks
        self.questions = 0

    def _next_after(self, instant: datetime) -> datetime | None:
        self.questions += 1
        return self.ticks.next_after(instant)


def hours_due(misfire: Misfire, *, now: timedelta, previous: timedelta = HOUR * 0) -> list[int]:
    """Which of the hourly ticks of a day are due, by their hour."""
    return [tick.hour for tick in due(MIDNIGHT + previous, MIDNIGHT + now, HOURLY, misfire)]


@pytest.mark.parametrize("misfire", POLICIES)
def test_a_tick_is_due_at_its_very_instant_and_not_before(misfire: Misfire) -> None:
    assert hours_due(misfire, now=HOUR - timedelta.resolution) == []
    assert hours_due(misfire, now=HOUR) == [1]


@pytest.mark.parametrize("misfire", POLICIES)
def test_a_tick_that_is_claimed_is_not_due(misfire: Misfire) -> None:
    assert hours_due(misfire, now=HOUR, previous=HOUR) == []


@pytest.mark.parametrize(
    ("misfire", "expected"),
    [
        (Misfire.once(), [3]),
        (Misfire.once(grace=29 * MINUTE), []),
        (Misfire.once(grace=30 * MINUTE), [3]),
        (Misfire.skip(), []),
        (Misfire.skip(grace=30 * MINUTE), [3]),
        (Misfire.all(10), [1, 2, 3]),
        (Misfire.all(2), [2, 3]),
        (Misfire.all(10, grace=90 * MINUTE), [2, 3]),
        (Misfire.all(1, grace=90 * MINUTE), [3]),
    ],
)
def test_three_ticks_passed_and_half_an_hour(misfire: Misfire, expected: list[int]) -> None:
    assert hours_due(misfire, now=3.5 * HOUR) == expected


def test_a_policy_is_once_unless_another_is_named() -> None:
    assert Misfire() == Misfire.once()


def test_a_tick_less_than_a_minute_late_is_not_skipped() -> None:
    assert hours_due(Misfire.skip(), now=HOUR + MINUTE) == [1]
    assert hours_due(Misfire.skip(), now=HOUR + MINUTE + timedelta.resolution) == []


@pytest.mark.parametrize("misfire", [*POLICIES, Misfire.once(timedelta.max)])
@given(back=st.timedeltas(timedelta(0), timedelta(days=400)))
def test_a_clock_set_back_makes_nothing_due(misfire: Misfire, back: timedelta) -> None:
    claimed = MIDNIGHT + 5 * HOUR
    assert due(claimed, claimed - back, HOURLY, misfire) == []
    assert due(claimed, claimed + HOUR, HOURLY, misfire) == [claimed + HOUR]


@pytest.mark.parametrize(
    ("misfire", "expected"),
    [(Misfire.once(), [6]), (Misfire.skip(), []), (Misfire.all(3), [4, 5, 6])],
)
def test_a_clock_set_forward_follows_the_policy(misfire: Misfire, expected: list[int]) -> None:
    stepped = 2 * HOUR + 10 * MINUTE + 4 * HOUR
    assert hours_due(misfire, previous=2 * HOUR, now=stepped) == expected


def test_a_moment_that_passed_while_all_were_down_fires_once() -> None:
    moment = Moment(MIDNIGHT + HOUR)
    assert due(MIDNIGHT, MIDNIGHT + 9 * HOUR, moment, Misfire.once()) == [MIDNIGHT + HOUR]
    assert due(MIDNIGHT + HOUR, MIDNIGHT + 9 * HOUR, moment, Misfire.once()) == []
    assert due(MIDNIGHT, MIDNIGHT + 9 * HOUR, moment, Misfire.skip()) == []


@given(
    ticks=st.sampled_from([HOURLY, Cron("*/17 2 * * *", "Europe/Paris"), FixedRate.every(1000)]),
    away=st.timedeltas(timedelta(0), timedelta(days=20)),
    limit=st.integers(1, 50),
)
def test_the_last_ticks_are_found_however_long_ago_they_are(
    ticks: Ticks, away: timedelta, limit: int
) -> None:
    passed = list(ticks.between(MIDNIGHT, MIDNIGHT + away))
    assert due(MIDNIGHT, MIDNIGHT + away, ticks, Misfire.all(limit)) == passed[-limit:]


def test_ten_years_of_seconds_are_not_walked_through() -> None:
    seconds = Counting(FixedRate.every(1))
    now = MIDNIGHT + timedelta(days=3650)
    assert due(MIDNIGHT, now, seconds, Misfire.once()) == [now]
    assert missed(MIDNIGHT, now, seconds) == COUNTED
    assert seconds.questions < 2 * COUNTED


def test_missed_ticks_are_those_between_two_that_were_claimed() -> None:
    assert missed(MIDNIGHT, MIDNIGHT + HOUR, HOURLY) == 0
    assert missed(MIDNIGHT, MIDNIGHT + 4 * HOUR, HOURLY) == 3
