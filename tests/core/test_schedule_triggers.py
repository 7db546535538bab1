"""When actions run by themselves, as data."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from servey_core import (
    AtTrigger,
    CronTrigger,
    FixedRateTrigger,
    Misfire,
    Overlap,
    UnservedTriggerError,
    action,
)

MOMENT = datetime(2026, 11, 29, 12, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("trigger", "text"),
    [
        (FixedRateTrigger(5), "every 5 s"),
        (FixedRateTrigger(timedelta(minutes=1.5)), "every 90 s"),
        (CronTrigger("0 4 * * *"), "cron '0 4 * * *' in UTC"),
        (CronTrigger("0 4 * * *", "Europe/Paris"), "cron '0 4 * * *' in Europe/Paris"),
        (AtTrigger(MOMENT), "at 2026-11-29T12:00:00+01:00"),
    ],
)
def test_they_say_when(trigger, text):
    assert str(trigger) == text


def test_what_is_not_said_is_careful():
    trigger = FixedRateTrigger(5)
    said = (trigger.overlap, trigger.misfire, trigger.jitter, trigger.arguments, trigger.name)
    assert said == (Overlap.SKIP, Misfire(1, None), 0.0, {}, None)
    assert trigger.enabled
    assert not trigger.start_at_once
    assert trigger.authorization is None


def test_an_overlap_may_be_a_word():
    assert CronTrigger("* * * * *", overlap="allow").overlap is Overlap.ALLOW


def test_they_are_values():
    assert FixedRateTrigger(5, name="a") == FixedRateTrigger(5, name="a")
    assert FixedRateTrigger(5) != FixedRateTrigger(6)
    with pytest.raises(AttributeError):
        FixedRateTrigger(5).interval = 6


def test_ticks_that_passed_fire_as_they_say():
    grace = timedelta(seconds=5)
    assert Misfire.once() == Misfire(1, None)
    assert Misfire.once(grace) == Misfire(1, grace)
    assert Misfire.skip() == Misfire(1, timedelta(minutes=1))
    assert Misfire.skip(grace) == Misfire(1, grace)
    assert Misfire.all(7, grace) == Misfire(7, grace)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: FixedRateTrigger(0), "interval: 0 is none"),
        (lambda: FixedRateTrigger(-1), "interval: .*from 0 up, not -1"),
        (lambda: FixedRateTrigger(float("nan")), "interval: .*not nan"),
        (lambda: FixedRateTrigger(5, jitter=-1), "jitter: .*not -1"),
        (lambda: FixedRateTrigger(5, name=" "), "name: a schedule cannot be called ' '"),
        (lambda: FixedRateTrigger(5, name="a\n"), "name: a schedule cannot be called"),
        (lambda: FixedRateTrigger(5, overlap="never"), "'never' is not a valid Overlap"),
        (lambda: FixedRateTrigger(5, misfire="skip"), r"misfire: 'skip' is none. Write .*skip\(\)"),
        (lambda: FixedRateTrigger(5, misfire=Misfire.once), "misfire: .*once.* is none"),
        (lambda: AtTrigger(datetime(2026, 1, 1)), "moment: .* has no time zone"),  # noqa: DTZ001
        (lambda: Misfire(0), "limit: 0 ticks is too few"),
        (lambda: Misfire.once(timedelta(-1)), "grace: -86400 seconds is negative"),
    ],
)
def test_what_cannot_be_is_refused_by_name(make, text):
    with pytest.raises((TypeError, ValueError), match=text):
        make()


def test_a_schedule_that_nobody_keeps_says_what_to_install(background_app):
    @action(triggers=[CronTrigger("* * * * *"), AtTrigger(datetime(2026, 1, 1, tzinfo=UTC))])
    def clean_up() -> None: ...

    runtime = background_app(clean_up)
    with pytest.raises(UnservedTriggerError, match=r"CronTrigger.*clean_up.*servey-sched"):
        runtime.require_served([])
