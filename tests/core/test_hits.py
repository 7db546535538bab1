"""Hits are counted in a moving window, and in bounded memory."""

import asyncio
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from servey_core.hits import HitsInMemory, RecentHits


@dataclass
class Clock:
    """A clock that is put forward by hand."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_hit_counts_for_its_time() -> None:
    clock = Clock()
    hits = RecentHits(60, clock=clock)
    assert hits.look("a") == (0, 60)
    hits.add("a")
    clock.now += 10
    hits.add("a")
    assert hits.look("a") == (2, 50)
    clock.now += 50
    assert hits.look("a") == (1, 10)
    clock.now += 10
    assert hits.look("a") == (0, 60)


def test_keys_are_counted_apart() -> None:
    hits = RecentHits(60, clock=Clock())
    hits.add("a")
    assert (hits.look("a").used, hits.look("b").used) == (1, 0)


def test_header_fields_are_never_told_too_short_a_time() -> None:
    clock = Clock()
    hits = RecentHits(60, clock=clock)
    hits.add("a")
    waits = []
    for seconds in (0.5, 59, 0.4999):
        clock.now += seconds
        waits.append(hits.look("a").wait)
    assert waits == [60, 1, 1]


def test_what_was_hit_longest_ago_is_forgotten_where_there_is_too_much() -> None:
    hits = RecentHits(60, max_weight=42 + 41 + 41, clock=Clock())
    for key in "abcad":
        hits.add(key)
    assert {key: hits.look(key).used for key in "abcd"} == {"a": 2, "b": 0, "c": 1, "d": 1}


def test_what_counts_no_more_has_no_weight() -> None:
    clock = Clock()
    hits = RecentHits(60, max_weight=200, clock=clock)
    for _ in range(100):
        clock.now += 20
        hits.look("a")
        hits.add("a")
    for key in "bc":
        hits.add(key)
    assert [hits.look(key).used for key in "abc"] == [3, 1, 1]


def test_what_counts_no_more_takes_no_memory() -> None:
    clock = Clock()
    hits = RecentHits(60, clock=clock)
    for key in range(1000):
        hits.add(key)
    clock.now += 60
    hits.add("a")
    assert (len(hits._times), hits._weight) == (1, 41)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 40))), st.integers(1, 4))
def test_no_stretch_of_time_has_more_hits_than_the_limit(steps, limit) -> None:
    clock = Clock()
    counter = HitsInMemory(clock)
    taken: dict[str, list[float]] = {"a": [], "b": [], "c": []}
    for key, seconds in steps:
        clock.now += seconds
        recent = [moment for moment in taken[key] if moment > clock.now - 60]
        assert run(counter.look(key, limit, 60)).used == len(recent)
        assert run(counter.take(key, limit, 60)) is (len(recent) < limit)
        if len(recent) < limit:
            taken[key].append(clock.now)


def test_windows_of_several_lengths_are_counted_apart() -> None:
    clock = Clock()
    counter = HitsInMemory(clock)
    assert run(counter.take("short", 1, 1))
    assert run(counter.take("long", 1, 60))
    clock.now += 2
    assert run(counter.take("short", 1, 1))
    assert not run(counter.take("long", 1, 60))


def test_event_loops_may_come_and_go() -> None:
    counter = HitsInMemory()
    taken = [asyncio.run(counter.take("a", 2, 60)) for _ in range(3)]
    assert taken == [True, True, False]


def run(coroutine):
    """What a coroutine that waits for nothing gives."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waits")
