"""A scheduler where the clocks of a zone are set: it fires what the mathematics say."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from applications import Application, VirtualClock, play

from servey_core import CronTrigger, Overlap, action
from servey_sched.schedules.firings import Firing
from servey_sched.schedules.simulating import simulate

CHANGES = {
    "America/New_York": ("2026-03-08T07:00", "2026-11-01T06:00"),
    "Europe/Paris": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "America/Santiago": ("2026-09-06T04:00", "2026-04-05T03:00"),
    "Australia/Lord_Howe": ("2026-10-03T15:30", "2026-04-04T15:00"),
}
"""When clocks go forward, and when they go back, in UTC."""

RULES = ["30 2 * * *", "30 1 * * *", "15 0,23 * * *", "*/20 * * * *", "10 */2 * * *"]


def application(zone):
    @action(
        triggers=[
            CronTrigger(rule, zone, name=rule, jitter=90, overlap=Overlap.ALLOW) for rule in RULES
        ]
    )
    async def note() -> None:
        """Note."""

    return Application(note)


@pytest.mark.parametrize("way", [0, 1], ids=["forward", "back"])
@pytest.mark.parametrize("zone", CHANGES)
def test_what_fires_is_what_is_simulated(zone, way):
    here = application(zone)
    change = datetime.fromisoformat(CHANGES[zone][way]).replace(tzinfo=UTC)
    begin, end = change - timedelta(hours=30), change + timedelta(hours=30)
    clock = VirtualClock(begin)
    asyncio.run(play(clock, end, *(here.scheduler(clock) for _ in range(2))))
    fired = {rule: [] for rule in RULES}
    for message, delay in zip(here.enqueued.messages, here.enqueued.delays, strict=True):
        fired[message.options["schedule"]].append((message.message_id, delay))
    assert sum(map(len, fired.values())) == len(here.enqueued.messages) > 200
    for plan in here.plans:
        expected = [
            (plan.job_id(one.tick), round(one.delay.total_seconds() * 1000))
            for one in simulate([plan.schedule], begin + timedelta.resolution, end)
            if isinstance(one, Firing)
        ]
        assert fired[plan.name] == expected
    assert {known.missed for known in here.broker.schedules().values()} == {0}


def test_a_fixed_time_fires_once_on_the_days_with_23_and_25_hours():
    @action(triggers=CronTrigger("30 2 * * *", "Europe/Paris", overlap=Overlap.ALLOW))
    async def report() -> None:
        """Report."""

    here = Application(report)
    for day, expected in (
        ("2026-03-28T12:00", ["2026-03-29T01:00", "2026-03-30T00:30"]),
        ("2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
    ):
        begin = datetime.fromisoformat(day).replace(tzinfo=UTC)
        here.broker.forget_schedule("report")
        here.enqueued.messages.clear()
        clock = VirtualClock(begin)
        asyncio.run(play(clock, begin + timedelta(days=2), here.scheduler(clock)))
        ticks = [datetime.fromisoformat(tick).replace(tzinfo=UTC) for tick in expected]
        assert here.fired == here.ids(ticks)
