"""Delays that spread jobs, alike on every node."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from servey_sched.schedules.jitter import jitter
from servey_sched.schedules.rates import FixedRate

TICK = datetime(2026, 5, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@given(st.text(), st.datetimes(timezones=st.just(UTC)), st.timedeltas(min_value=timedelta(0)))
def test_a_delay_is_at_least_nothing_and_less_than_its_bound(
    schedule: str, tick: datetime, most: timedelta
) -> None:
    delay = jitter(schedule, tick, most)
    assert timedelta(0) <= delay
    assert delay < most or delay == most == timedelta(0)


def test_another_process_finds_the_same_delay() -> None:
    program = (
        "from datetime import UTC, datetime, timedelta\n"
        "from servey_sched.schedules.jitter import jitter\n"
        "tick = datetime(2026, 5, 1, 9, tzinfo=UTC)\n"
        "print(jitter('report', tick, timedelta(minutes=1)))"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert other.stdout.strip() == str(jitter("report", TICK, MINUTE))


def test_a_tick_has_one_delay_in_every_zone() -> None:
    there = TICK.astimezone(ZoneInfo("Asia/Tokyo"))
    assert jitter("report", there, MINUTE) == jitter("report", TICK, MINUTE)


def test_delays_are_spread_over_ticks_and_over_schedules() -> None:
    ticks = list(FixedRate.every(3600).between(TICK, TICK + timedelta(hours=1000)))
    by_tick = [jitter("report", tick, MINUTE) / MINUTE for tick in ticks]
    by_name = [jitter(f"report-{number}", TICK, MINUTE) / MINUTE for number in range(1000)]
    for delays in (by_tick, by_name):
        tenths = [sum(tenth <= delay * 10 < tenth + 1 for delay in delays) for tenth in range(10)]
        assert min(tenths) > 60
        assert max(tenths) < 140
