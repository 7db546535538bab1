"""Schedules where the clocks of a zone go forward and back: four zones, both directions."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from servey_sched.schedules.cron import Cron
from servey_sched.schedules.rates import FixedRate

NEW_YORK, PARIS = "America/New_York", "Europe/Paris"
SANTIAGO, LORD_HOWE = "America/Santiago", "Australia/Lord_Howe"
"""Southern both; the first changes at midnight, the second by half an hour."""

CHANGES = {
    (NEW_YORK, "forward"): datetime(2026, 3, 8, 7, tzinfo=UTC),
    (NEW_YORK, "back"): datetime(2026, 11, 1, 6, tzinfo=UTC),
    (PARIS, "forward"): datetime(2026, 3, 29, 1, tzinfo=UTC),
    (PARIS, "back"): datetime(2026, 10, 25, 1, tzinfo=UTC),
    (SANTIAGO, "forward"): datetime(2026, 9, 6, 4, tzinfo=UTC),
    (SANTIAGO, "back"): datetime(2026, 4, 5, 3, tzinfo=UTC),
    (LORD_HOWE, "forward"): datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    (LORD_HOWE, "back"): datetime(2026, 4, 4, 15, tzinfo=UTC),
}
BY_CHANGE = [
    pytest.param(zone, change, id=f"{zone}-{way}") for (zone, way), change in CHANGES.items()
]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shown(expression: str, zone: str, after: str, until: str) -> list[str]:
    """The ticks between two times of the zone's clocks, as those clocks show them."""
    here = ZoneInfo(zone)
    ticks = Cron(expression, zone).between(
        datetime.fromisoformat(after).replace(tzinfo=here),
        datetime.fromisoformat(until).replace(tzinfo=here),
    )
    return [tick.astimezone(here).isoformat(timespec="minutes") for tick in ticks]


@pytest.mark.parametrize(
    ("zone", "expression", "expected"),
    [
        (
            NEW_YORK,
            "30 2 * * *",
            ["2026-03-07T02:30-05:00", "2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"],
        ),
        (
            PARIS,
            "30 2 * * *",
            ["2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"],
        ),
        (
            SANTIAGO,
            "30 0 * * *",
            ["2026-09-05T00:30-04:00", "2026-09-06T01:00-03:00", "2026-09-07T00:30-03:00"],
        ),
        (
            LORD_HOWE,
            "15 2 * * *",
            ["2026-10-03T02:15+10:30", "2026-10-04T02:30+11:00", "2026-10-05T02:15+11:00"],
        ),
    ],
)
@pytest.mark.parametrize("seconds", ["", "0 "], ids=["five fields", "six fields"])
def test_a_skipped_time_of_day_fires_once_at_the_end_of_the_gap(
    zone: str, expression: str, expected: list[str], seconds: str
) -> None:
    first, _, last = expected
    assert shown(seconds + expression, zone, first[:10], f"{last[:10]}T12:00") == expected


@pytest.mark.parametrize(
    ("zone", "expression", "expected"),
    [
        (
            NEW_YORK,
            "30 1 * * *",
            ["2026-10-31T01:30-04:00", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"],
        ),
        (
            PARIS,
            "30 2 * * *",
            ["2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"],
        ),
        (
            SANTIAGO,
            "30 23 * * *",
            ["2026-04-03T23:30-03:00", "2026-04-04T23:30-03:00", "2026-04-05T23:30-04:00"],
        ),
        (
            LORD_HOWE,
            "45 1 * * *",
            ["2026-04-04T01:45+11:00", "2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"],
        ),
    ],
)
@pytest.mark.parametrize("seconds", ["", "0 "], ids=["five fields", "six fields"])
def test_a_repeated_time_of_day_fires_the_first_time_only(
    zone: str, expression: str, expected: list[str], seconds: str
) -> None:
    first, _, last = expected
    assert shown(seconds + expression, zone, first[:10], f"{last[:10]}T23:59") == expected


def test_several_skipped_times_fire_once_together() -> None:
    ticks = shown("0,15,30 2,3 * * *", NEW_YORK, "2026-03-08", "2026-03-09")
    assert [tick[11:16] for tick in ticks] == ["03:00", "03:15", "03:30"]


def test_what_comes_after_a_repeated_time_is_asked_while_it_is_repeated() -> None:
    second_half_past_one = datetime(2026, 11, 1, 1, 15, tzinfo=ZoneInfo(NEW_YORK), fold=1)
    tick = Cron("30 1 * * *", NEW_YORK).next_after(second_half_past_one)
    assert tick == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def test_an_expression_of_every_hour_fires_in_both_repeated_hours() -> None:
    ticks = shown("15,45 * * * *", NEW_YORK, "2026-11-01T00:30", "2026-11-01T02:30")
    assert [tick[11:] for tick in ticks] == [
        "00:45-04:00",
        "01:15-04:00",
        "01:45-04:00",
        "01:15-05:00",
        "01:45-05:00",
        "02:15-05:00",
    ]


def test_an_expression_of_every_minute_of_a_skipped_hour_does_not_fire() -> None:
    assert shown("* 2 * * *", NEW_YORK, "2026-03-08T00:00", "2026-03-08T12:00") == []
    assert shown("* 0 * * *", SANTIAGO, "2026-09-05T12:00", "2026-09-06T12:00") == []


@pytest.mark.parametrize(("zone", "change"), BY_CHANGE)
def test_every_half_hour_is_every_half_hour_of_elapsed_time(zone: str, change: datetime) -> None:
    ticks = list(Cron("*/30 * * * *", zone).between(change - DAY, change + DAY))
    assert len(ticks) == 96
    assert {later - tick for tick, later in pairwise(ticks)} == {timedelta(minutes=30)}


@given(
    where=st.sampled_from(sorted(CHANGES)),
    minutes=st.frozensets(st.integers(0, 59), max_size=3),
    hours=st.frozensets(st.integers(0, 23), max_size=3),
)
def test_a_starred_expression_fires_at_each_minute_that_the_clocks_show(
    where: tuple[str, str], minutes: frozenset[int], hours: frozenset[int]
) -> None:
    """The judge looks at the zone's clocks every minute; one field or both is a star."""
    zone, change = where[0], CHANGES[where]
    if minutes and hours:
        minutes = frozenset()
    expression = f"{written(minutes)} {written(hours)} * * *"
    start = change - DAY
    expected = []
    for passed in range(1, 2 * 24 * 60 + 1):
        instant = start + passed * timedelta(minutes=1)
        wall = instant.astimezone(ZoneInfo(zone))
        if wall.minute in (minutes or range(60)) and wall.hour in (hours or range(24)):
            expected.append(instant)
    assert list(Cron(expression, zone).between(start, change + DAY)) == expected


@given(
    where=st.sampled_from([(zone, way) for zone, way in sorted(CHANGES) if zone != LORD_HOWE]),
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
)
def test_fixed_times_fire_as_cronsim_has_them_in_zones_of_whole_hours(
    where: tuple[str, str], minute: int, hour: int
) -> None:
    zone, change = where[0], CHANGES[where]
    expression = f"{minute} {hour} * * *"
    judge = CronSim(expression, (change - 2 * DAY).astimezone(ZoneInfo(zone)))
    ours = Cron(expression, zone).between(change - 2 * DAY, change + 2 * DAY)
    for tick in ours:
        assert tick == next(judge).astimezone(UTC)
    assert next(judge).astimezone(UTC) > change + 2 * DAY


def test_a_yearly_minute_of_a_repeated_hour_fires_in_both() -> None:
    ticks = shown("* 1 1 11 *", NEW_YORK, "2026-11-01", "2027-11-02")
    assert len(ticks) == 60 + 60 + 60
    assert ticks[60] == "2026-11-01T01:00-05:00"


def test_a_day_that_a_zone_left_out_fires_at_the_start_of_the_next() -> None:
    ticks = shown("0 12 30 12 *", "Pacific/Apia", "2011-12-01", "2012-01-31")
    assert ticks == ["2011-12-31T00:00+14:00"]
    first, *_ = shown("0 * * * 6", "Pacific/Apia", "2011-12-25", "2012-01-01")
    assert first == "2011-12-31T00:00+14:00"


@pytest.mark.parametrize(("zone", "change"), BY_CHANGE)
def test_a_fixed_rate_is_elapsed_time_while_the_clocks_change(zone: str, change: datetime) -> None:
    ticks = list(FixedRate(DAY).between(change - 3 * DAY, change + 3 * DAY))
    assert {later - tick for tick, later in pairwise(ticks)} == {DAY}
    shown_at = {tick.astimezone(ZoneInfo(zone)).time() for tick in ticks}
    assert len(shown_at) == 2


def written(values: frozenset[int]) -> str:
    return ",".join(map(str, sorted(values))) or "*"
