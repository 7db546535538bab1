"""What holds for the ticks of every schedule."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_sched.schedules.cron import Cron
from servey_sched.schedules.moments import Moment
from servey_sched.schedules.rates import EPOCH, FixedRate
from servey_sched.schedules.ticks import Ticks, tick_name

ZONES = ["UTC", "America/New_York", "Europe/Paris", "America/Santiago", "Australia/Lord_Howe"]
FIELDS = [
    st.sampled_from(["*", "*/7", "0", "30", "15,45", "0-10"]),
    st.sampled_from(["*", "*/2", "0", "1", "2", "2-3", "23"]),
    st.sampled_from(["*", "1", "5", "29", "L"]),
    st.sampled_from(["*", "3-4", "9-11", "2"]),
    st.sampled_from(["*", "0", "1-5", "6L", "0#1"]),
]
CRONS = st.builds(Cron, st.tuples(*FIELDS).map(" ".join), st.sampled_from(ZONES))
RATES = st.builds(
    FixedRate, st.timedeltas(min_value=timedelta(seconds=30), max_value=timedelta(days=400))
)
INSTANTS = st.timedeltas(timedelta(0), timedelta(days=36525)).map(
    lambda passed: datetime(1990, 1, 1, tzinfo=UTC) + passed
)
MOMENTS = st.builds(Moment, INSTANTS)
TICKS = st.one_of(CRONS, RATES, MOMENTS)


@given(TICKS, INSTANTS)
def test_the_next_tick_is_later_than_the_instant(ticks: Ticks, instant: datetime) -> None:
    tick = ticks.next_after(instant)
    assert tick is None or tick > instant


@given(TICKS, INSTANTS)
def test_nothing_ticks_before_the_next_tick(ticks: Ticks, instant: datetime) -> None:
    tick = ticks.next_after(instant)
    if tick is not None:
        just_before = tick - timedelta.resolution
        assert ticks.next_after(max(instant, just_before)) == tick
        assert ticks.next_after(instant + (tick - instant) / 2) == tick


@given(TICKS, INSTANTS, INSTANTS)
def test_a_later_question_has_no_earlier_answer(
    ticks: Ticks, one: datetime, other: datetime
) -> None:
    earlier, later = sorted((one, other))
    first, second = ticks.next_after(earlier), ticks.next_after(later)
    assert second is None or (first is not None and first <= second)


@given(TICKS, INSTANTS, st.timedeltas(timedelta(0), timedelta(hours=30)))
def test_between_is_the_next_tick_again_and_again(
    ticks: Ticks, after: datetime, span: timedelta
) -> None:
    asked = []
    tick = ticks.next_after(after)
    while tick is not None and tick <= after + span:
        asked.append(tick)
        tick = ticks.next_after(tick)
    found = list(ticks.between(after, after + span))
    assert found == asked
    assert all(earlier < later for earlier, later in pairwise(found))


@given(TICKS, INSTANTS, st.sampled_from(ZONES))
def test_the_zone_of_a_question_does_not_matter(ticks: Ticks, instant: datetime, zone: str) -> None:
    assert ticks.next_after(instant.astimezone(ZoneInfo(zone))) == ticks.next_after(instant)


@given(RATES, INSTANTS)
def test_a_fixed_rate_ticks_at_whole_multiples_since_the_epoch(
    rate: FixedRate, instant: datetime
) -> None:
    tick = rate.next_after(instant)
    assert tick is not None
    assert (tick - EPOCH) % rate.interval == timedelta(0)
    assert tick - instant <= rate.interval


def test_a_rate_is_given_in_seconds_or_as_a_timedelta() -> None:
    assert FixedRate.every(90) == FixedRate.every(timedelta(seconds=90))
    assert FixedRate.every(0.25).interval == timedelta(milliseconds=250)


def test_the_end_of_the_calendar_is_the_end_of_a_rate() -> None:
    assert FixedRate.every(3600).next_after(datetime(9999, 12, 31, 23, 30, tzinfo=UTC)) is None


def test_a_moment_ticks_once() -> None:
    moment = datetime(2026, 3, 8, 12, tzinfo=ZoneInfo("America/New_York"))
    ticks = list(Moment(moment).between(EPOCH, datetime(2100, 1, 1, tzinfo=UTC)))
    assert ticks == [datetime(2026, 3, 8, 16, tzinfo=UTC)]
    assert ticks[0].tzinfo is UTC
    assert Moment(moment).next_after(moment) is None


def test_the_end_of_between_belongs_to_it_and_its_start_does_not() -> None:
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 2, tzinfo=UTC)
    assert [tick.hour for tick in FixedRate.every(3600).between(start, end)] == [1, 2]


@given(INSTANTS, INSTANTS)
def test_names_of_ticks_sort_as_the_ticks_do(one: datetime, other: datetime) -> None:
    assert (tick_name(one) < tick_name(other)) == (one < other)


def test_a_tick_has_one_name_in_every_zone() -> None:
    tick = datetime(2026, 3, 8, 7, tzinfo=UTC)
    assert tick_name(tick) == "2026-03-08T07:00:00.000000Z"
    assert tick_name(tick.astimezone(ZoneInfo("Europe/Paris"))) == tick_name(tick)


@pytest.mark.parametrize(
    ("ticks", "zone"),
    [
        (Cron("0 9 * * *", "Europe/Paris"), ZoneInfo("Europe/Paris")),
        (Moment(datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Tokyo"))), ZoneInfo("Asia/Tokyo")),
        (FixedRate.every(60), UTC),
    ],
)
def test_ticks_are_read_in_the_zone_of_their_schedule(ticks: Ticks, zone: ZoneInfo) -> None:
    assert ticks.zone == zone
