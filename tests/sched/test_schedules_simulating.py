"""Nodes that wake, decide and claim on a virtual clock, and are killed, paused and set."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_sched.schedules.claims import ClaimTable
from servey_sched.schedules.cron import Cron
from servey_sched.schedules.faults import ClockStep, Fault, Kill, Pause
from servey_sched.schedules.firings import Firing, Missed
from servey_sched.schedules.misfires import Misfire
from servey_sched.schedules.moments import Moment
from servey_sched.schedules.nodes import LATENCY
from servey_sched.schedules.rates import FixedRate
from servey_sched.schedules.schedule import Schedule
from servey_sched.schedules.simulating import simulate

START = datetime(2026, 5, 1, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
END = START + 10 * HOUR
HOURLY = Schedule("hourly", FixedRate(HOUR))
REPLICAS = 3


def played(
    *faults: Fault, misfire: Misfire | None = None, replicas: int = REPLICAS
) -> list[Firing | Missed]:
    schedule = Schedule("hourly", FixedRate(HOUR), misfire or Misfire.once())
    return list(simulate([schedule], START, END, replicas=replicas, faults=faults))


def fired(events: list[Firing | Missed]) -> list[int]:
    """The hours of the ticks that fired, in the order in which they did."""
    return [event.tick.hour for event in events if isinstance(event, Firing)]


def missed_in(events: list[Firing | Missed]) -> int:
    return sum(event.count for event in events if isinstance(event, Missed))


def outages(replica: int) -> st.SearchStrategy[list[Kill | Pause]]:
    """Outages of one replica, many of them in the moment between a decision and its claim."""
    near_a_tick = st.builds(
        lambda hour, milliseconds: hour * HOUR + timedelta(milliseconds=milliseconds),
        st.integers(0, 9),
        st.integers(-5, 45),
    )
    moments = st.one_of(near_a_tick, st.timedeltas(timedelta(0), 11 * HOUR))
    kinds = st.lists(st.sampled_from([Kill, Pause]), min_size=3, max_size=3)

    def pair(edges: list[timedelta], kinds: list[type[Kill | Pause]]) -> list[Kill | Pause]:
        edges = sorted(edges)
        spans = zip(edges[::2], edges[1::2], strict=False)
        return [
            kind(replica, START + at, START + until)
            for kind, (at, until) in zip(kinds, spans, strict=False)
        ]

    return st.builds(pair, st.lists(moments, max_size=6, unique=True), kinds)


STEPS = st.lists(
    st.builds(
        ClockStep,
        st.integers(0, REPLICAS - 1),
        st.timedeltas(timedelta(0), 10 * HOUR).map(lambda after: START + after),
        st.timedeltas(-4 * HOUR, 4 * HOUR),
    ),
    max_size=4,
)
MISFIRES = st.sampled_from(
    [Misfire.once(), Misfire.skip(), Misfire.all(2), Misfire.all(50), Misfire.once(30 * MINUTE)]
)


@given(outages(0), outages(1))
def test_every_tick_fires_exactly_once_while_one_node_lives(
    one: list[Fault], other: list[Fault]
) -> None:
    events = played(*one, *other)
    assert fired(events) == list(range(10))
    assert missed_in(events) == 0


@given(outages(0), outages(1), outages(2), STEPS, MISFIRES)
def test_whatever_happens_a_tick_fires_once_or_is_missed(
    one: list[Fault],
    other: list[Fault],
    third: list[Fault],
    steps: list[ClockStep],
    misfire: Misfire,
) -> None:
    events = played(*one, *other, *third, *steps, misfire=misfire)
    hours = fired(events)
    assert all(earlier < later for earlier, later in pairwise(hours))
    assert len(hours) + missed_in(events) == 10
    moments = [event.at for event in events if isinstance(event, Firing)]
    assert moments == sorted(moments)


@given(outages(0), outages(1), outages(2))
def test_nothing_is_missed_where_all_overdue_ticks_fire_and_a_node_returns(
    one: list[Fault], other: list[Fault], third: list[Fault]
) -> None:
    awake = [
        Kill(fault.replica, fault.at, min(fault.until, END - SECOND))
        for fault in (*one, *other, *third)
        if fault.at < END - SECOND
    ]
    events = played(*awake, misfire=Misfire.all(10))
    assert fired(events) == list(range(10))


class Unclaimed(ClaimTable):
    """A table that refuses nobody: the protection taken out."""

    def claim(self, schedule: str, tick: datetime) -> bool:
        super().claim(schedule, tick)
        return True


def test_without_claims_every_node_fires_every_tick() -> None:
    table = Unclaimed(START - timedelta.resolution)
    events = list(simulate([HOURLY], START, END, replicas=REPLICAS, claims=table))
    assert Counter(fired(events)) == dict.fromkeys(range(10), REPLICAS)


def test_a_table_knows_what_was_claimed_before() -> None:
    table = ClaimTable(START + 3 * HOUR)
    events = list(simulate([HOURLY], START, END, claims=table))
    assert fired(events) == [4, 5, 6, 7, 8, 9]


def test_the_first_moment_ticks_and_the_last_does_not() -> None:
    events = played(replicas=1)
    assert fired(events) == list(range(10))
    assert {event.at - event.tick for event in events if isinstance(event, Firing)} == {LATENCY}


def test_another_node_fires_what_a_killed_one_had_decided() -> None:
    events = played(Kill(0, START + 2 * HOUR + LATENCY / 2))
    assert fired(events) == list(range(10))
    by_hour = {event.tick.hour: event.replica for event in events if isinstance(event, Firing)}
    assert [by_hour[hour] for hour in (1, 2, 3)] == [0, 1, 1]


def test_a_lone_node_that_is_killed_fires_again_when_it_is_back() -> None:
    tick = START + 2 * HOUR
    events = played(Kill(0, tick + LATENCY / 2, tick + LATENCY * 2), replicas=1)
    assert fired(events) == list(range(10))
    assert events[2].at == tick + LATENCY * 3


def test_a_node_that_is_back_before_its_claim_has_forgotten_it() -> None:
    tick = START + 2 * HOUR
    events = played(Kill(0, tick + LATENCY / 4, tick + LATENCY / 2), replicas=1)
    assert fired(events) == list(range(10))
    assert events[2].at == tick + LATENCY * 1.5


def test_a_clock_far_ahead_that_is_set_back_fires_what_it_had_skipped() -> None:
    events = played(
        ClockStep(0, START + 1.5 * HOUR, 20 * HOUR),
        ClockStep(0, START + 3 * HOUR, -20 * HOUR),
        misfire=Misfire.skip(),
        replicas=1,
    )
    assert fired(events) == [0, 1, 3, 4, 5, 6, 7, 8, 9]


def test_a_killed_node_stays_dead_when_its_clock_is_set() -> None:
    events = played(Kill(0, START + 1.5 * HOUR), ClockStep(0, START + 2.5 * HOUR, HOUR), replicas=1)
    assert fired(events) == [0, 1]


def test_a_paused_node_claims_nothing_that_was_claimed_meanwhile() -> None:
    tick = START + 2 * HOUR
    events = played(Pause(0, tick + LATENCY / 2, tick + 5 * HOUR))
    assert fired(events) == list(range(10))
    assert events[2].replica == 1


@pytest.mark.parametrize(
    ("misfire", "hours"),
    [
        (Misfire.once(), [0, 1, 4, 5]),
        (Misfire.skip(), [0, 1, 5]),
        (Misfire.all(2), [0, 1, 3, 4, 5]),
        (Misfire.all(10), [0, 1, 2, 3, 4, 5]),
    ],
)
@pytest.mark.parametrize("kind", [Kill, Pause])
def test_ticks_pass_while_every_node_is_away(
    misfire: Misfire, hours: list[int], kind: type[Kill | Pause]
) -> None:
    away = [kind(replica, START + 1.5 * HOUR, START + 4.5 * HOUR) for replica in range(REPLICAS)]
    events = played(*away, misfire=misfire)
    assert fired(events) == [*hours, 6, 7, 8, 9]
    assert missed_in(events) == 10 - len(hours) - 4


def test_missed_ticks_come_before_the_one_that_fires_next() -> None:
    events = played(Kill(0, START + 1.5 * HOUR, START + 4.5 * HOUR), replicas=1)
    assert events[2] == Missed("hourly", 2, START + HOUR, START + 4 * HOUR)
    assert events[3].at == START + 4.5 * HOUR + LATENCY


def test_what_is_missed_up_to_the_end_comes_last() -> None:
    events = played(Kill(0, START + 7.5 * HOUR), replicas=1)
    assert events[-1] == Missed("hourly", 2, START + 7 * HOUR, END)


def test_a_clock_set_back_fires_nothing_again_and_no_tick_late_by_other_clocks() -> None:
    events = played(ClockStep(0, START + 5.5 * HOUR, -3 * HOUR))
    assert fired(events) == list(range(10))
    assert missed_in(events) == 0


def test_a_lone_clock_set_back_fires_the_next_tick_when_it_shows_it() -> None:
    events = played(ClockStep(0, START + 5.5 * HOUR, -3 * HOUR), replicas=1)
    assert fired(events) == [0, 1, 2, 3, 4, 5, 6]
    assert events[6].at == START + 9 * HOUR + LATENCY


@pytest.mark.parametrize(
    ("misfire", "hours"),
    [
        (Misfire.once(), [0, 1, 4, 5, 6, 7, 8, 9]),
        (Misfire.skip(), [0, 1, 5, 6, 7, 8, 9]),
        (Misfire.all(10), list(range(10))),
    ],
)
def test_a_clock_set_forward_follows_the_misfire_policy_at_once(
    misfire: Misfire, hours: list[int]
) -> None:
    events = played(ClockStep(0, START + 1.5 * HOUR, 3 * HOUR), misfire=misfire, replicas=1)
    assert fired(events) == hours
    assert missed_in(events) == 10 - len(hours)
    if misfire == Misfire.once():
        assert events[3].at == START + 1.5 * HOUR + LATENCY


@pytest.mark.parametrize("ahead", [-2, 2])
def test_nodes_whose_clocks_differ_fire_every_tick_once(ahead: int) -> None:
    events = played(
        ClockStep(0, START, ahead * SECOND), ClockStep(1, START, -ahead * SECOND), replicas=2
    )
    assert fired(events) == list(range(10))
    assert missed_in(events) == 0


def test_the_clocks_of_the_zone_going_forward_and_back_are_shown() -> None:
    paris = ZoneInfo("Europe/Paris")
    nightly = Schedule("nightly", Cron("30 2 * * *", "Europe/Paris"))
    spring = list(
        simulate(
            [nightly],
            datetime(2026, 3, 28, tzinfo=paris),
            datetime(2026, 3, 31, tzinfo=paris),
            replicas=2,
        )
    )
    assert [(event.tick.isoformat(), event.shift) for event in spring] == [
        ("2026-03-28T02:30:00+01:00", timedelta(0)),
        ("2026-03-29T03:00:00+02:00", HOUR),
        ("2026-03-30T02:30:00+02:00", timedelta(0)),
    ]
    autumn = list(
        simulate(
            [nightly], datetime(2026, 10, 25, tzinfo=paris), datetime(2026, 10, 27, tzinfo=paris)
        )
    )
    assert [(event.tick.isoformat(), event.shift) for event in autumn] == [
        ("2026-10-25T02:30:00+02:00", timedelta(0)),
        ("2026-10-26T02:30:00+01:00", -HOUR),
    ]


def test_schedules_run_beside_each_other_each_by_its_own_claims() -> None:
    schedules = [
        HOURLY,
        Schedule("half-hourly", FixedRate(HOUR / 2), jitter=MINUTE),
        Schedule("once", Moment(START + 3 * HOUR)),
    ]
    events = list(simulate(schedules, START, END, replicas=REPLICAS))
    assert Counter(event.schedule for event in events) == {
        "hourly": 10,
        "half-hourly": 20,
        "once": 1,
    }
    delays = {event.delay for event in events if event.schedule == "half-hourly"}
    assert len(delays) == 20
    assert max(delays) < MINUTE
