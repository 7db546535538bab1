"""Schedules that cannot be: each message names the field, and says what to do."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from servey_sched.schedules.cron import Cron
from servey_sched.schedules.faults import ClockStep, Kill, Pause
from servey_sched.schedules.jitter import jitter
from servey_sched.schedules.misfires import Misfire, due, missed
from servey_sched.schedules.moments import Moment
from servey_sched.schedules.rates import FixedRate
from servey_sched.schedules.schedule import Schedule
from servey_sched.schedules.simulating import simulate
from servey_sched.schedules.ticks import tick_name

NAIVE = datetime.fromisoformat("2026-05-01T09:00")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BACK = timedelta(seconds=-1)
RATE = FixedRate.every(60)
ONE = [Schedule("one", RATE)]
LATER = NOON + timedelta(hours=1)
GIVE_ZONE = "Give it one: datetime(..., tzinfo="


@pytest.mark.parametrize(
    ("expression", "field", "advice"),
    [
        ("", "0 fields", "Write five"),
        ("* * * *", "4 fields", "Write five"),
        ("* * * * * * *", "7 fields", "or six, with the second first"),
        ("@daily", "1 fields", "Write five"),
        ("61 * * * *", "'61' for the minute", "0 to 59"),
        ("60 * * * * *", "'60' for the second", "0 to 59"),
        ("* 24 * * *", "'24' for the hour", "0 to 23"),
        ("* * 32 * *", "'32' for the day-of-month", "1 to 31"),
        ("* * 0 * *", "'0' for the day-of-month", "1 to 31"),
        ("* * * 13 *", "'13' for the month", "1 to 12 or JAN to DEC"),
        ("* * * JANUARY *", "'JANUARY' for the month", "1 to 12 or JAN to DEC"),
        ("* * * * 8", "'8' for the day-of-week", "0 to 7 or SUN to SAT"),
        ("* * * * 5#6", "'5#6' for the day-of-week", "5#2 (the second Friday)"),
        ("5-1 * * * *", "'5-1' for the minute", "ranges 1-5"),
        ("*/0 * * * *", "'*/0' for the minute", "steps */2"),
        ("1,,2 * * * *", "'1,,2' for the minute", "lists 1,2"),
        ("-1 * * * *", "'-1' for the minute", "0 to 59"),
        ("*/90 * * * *", "a step of 90 for the minute", "use a fixed rate"),
        ("0 */48 * * *", "a step of 48 for the hour", "use a fixed rate"),
        ("0 0 31 2 *", "no month of '2' has a day '31'", "L for the last day"),
        ("0 0 30 FEB *", "no month of 'FEB' has a day '30'", "L for the last day"),
        ("0 0 31 2,4,6 *", "no month of '2,4,6' has a day '31'", "L for the last day"),
    ],
)
def test_an_expression_is_refused_by_its_field(expression: str, field: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"expression: {expression!r} ")) as caught:
        Cron(expression)
    assert field in str(caught.value)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("zone", "advice"),
    [
        ("Europe/Pariss", "Did you mean 'Europe/Paris'?"),
        ("America/New York", "Did you mean 'America/New_York'?"),
        ("Mars", "Write one as 'Europe/Paris'"),
        ("", "Write one as 'Europe/Paris'"),
        ("../../etc/passwd", "Write one as 'Europe/Paris'"),
        ("/etc/passwd", "Write one as 'Europe/Paris'"),
        ("Europe", "Did you mean"),
    ],
)
def test_an_unknown_zone_is_refused(zone: str, advice: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"timezone: {zone!r} is no zone")) as caught:
        Cron("0 9 * * *", zone)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    ("make", "field", "advice"),
    [
        (lambda: FixedRate.every(0), "interval: 0 seconds", "more than 0 seconds"),
        (lambda: FixedRate.every(-5), "interval: -5 seconds", "more than 0 seconds"),
        (lambda: FixedRate(timedelta(0)), "interval: 0 seconds", "more than 0 seconds"),
        (lambda: FixedRate.every(float("nan")), "interval: nan", "number of seconds above 0"),
        (lambda: FixedRate.every(float("inf")), "interval: inf", "number of seconds above 0"),
        (lambda: FixedRate.every(1e-9), "interval: 0 seconds", "more than 0 seconds"),
        (lambda: Moment(NAIVE), "moment: 2026-05-01T09:00:00", GIVE_ZONE),
        (lambda: RATE.next_after(NAIVE), "instant: ", GIVE_ZONE),
        (lambda: list(RATE.between(NAIVE, NOON)), "instant: ", GIVE_ZONE),
        (lambda: list(RATE.between(NOON, NAIVE)), "until: ", GIVE_ZONE),
        (lambda: tick_name(NAIVE), "tick: ", GIVE_ZONE),
        (lambda: due(NAIVE, NOON, RATE, Misfire()), "previous: ", GIVE_ZONE),
        (lambda: due(NOON, NAIVE, RATE, Misfire()), "now: ", GIVE_ZONE),
        (lambda: missed(NOON, NAIVE, RATE), "tick: ", GIVE_ZONE),
        (lambda: Misfire.all(0), "limit: 0 ticks", "Give 1 or more"),
        (lambda: Misfire.once(BACK), "grace: -1 seconds", "0 seconds or more, or None"),
        (lambda: Misfire.skip(BACK), "grace: -1 seconds", "0 seconds or more, or None"),
        (lambda: jitter("one", NOON, BACK), "jitter: -1 seconds", "0 seconds or more"),
        (lambda: Schedule("one", RATE, jitter=BACK), "jitter: -1 seconds", "0 seconds or more"),
        (lambda: Kill(0, NAIVE), "at: ", GIVE_ZONE),
        (lambda: Pause(0, NOON, NAIVE), "until: ", GIVE_ZONE),
        (lambda: Kill(0, NOON, NOON), "until: ", "Give a later moment, or None"),
        (lambda: ClockStep(0, NAIVE, BACK), "at: ", GIVE_ZONE),
        (lambda: simulate(ONE, NAIVE, NOON), "start: ", GIVE_ZONE),
        (lambda: simulate(ONE, NOON, NAIVE), "end: ", GIVE_ZONE),
        (lambda: simulate(ONE, NOON, NOON), "end: ", "Give a later moment"),
        (lambda: simulate(ONE, NOON, LATER, replicas=0), "replicas: 0", "Give 1 or more"),
        (lambda: simulate(ONE * 2, NOON, LATER), "schedules: ", "a name of its own"),
        (
            lambda: simulate(ONE, NOON, LATER, replicas=3, faults=[Kill(3, NOON)]),
            "replica: 3 does not exist",
            "Give 0 to 2",
        ),
        (
            lambda: simulate(ONE, NOON, LATER, faults=[Pause(0, LATER), Kill(0, NOON)]),
            "at: replica 0 is away already",
            "Let one outage end",
        ),
    ],
)
def test_a_message_names_the_field_and_says_what_to_do(
    make: Callable[[], object], field: str, advice: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(field)}") as caught:
        make()
    assert advice in str(caught.value)
