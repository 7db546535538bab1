"""When jobs come back for which a worker had no room."""

import pytest

from servey_sched.worker import pacing
from servey_sched.worker.pacing import LONGEST, Pace


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(pacing, "time", clock)
    monkeypatch.setattr(pacing.random, "uniform", lambda _, high: high)
    return clock


def a_room(clock, seconds):
    """The pace of a room that takes in a waiting job every so many seconds."""
    pace = Pace()
    for _ in range(50):
        clock.now += seconds
        pace.took_in(waited=True)
    return pace


def test_a_room_of_which_nothing_is_known_is_asked_ever_more_rarely(clock):
    pace = Pace()
    waits = [pace.put_aside(deferrals).seconds for deferrals in range(8)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, LONGEST, LONGEST, LONGEST]


def test_jobs_come_back_one_by_one_twice_as_quickly_as_the_room_takes_them_in(clock):
    pace = a_room(clock, 0.1)
    waits = [pace.put_aside(10).seconds for _ in range(100)]
    assert waits[0] == pytest.approx(0.25)
    assert waits[-1] == pytest.approx(0.25 + 99 * 0.05, rel=0.01)


def test_nobody_stays_away_for_longer_than_may_be(clock):
    pace = a_room(clock, 60.0)
    assert pace.put_aside(10).seconds == pytest.approx(0.25)
    assert {pace.put_aside(10).seconds for _ in range(20)} == {LONGEST}
    assert pace.put_aside(0).seconds == 0.5


def test_a_room_that_nobody_waited_for_says_nothing_of_its_pace(clock):
    pace = Pace()
    for _ in range(5):
        clock.now += 3600
        pace.took_in(waited=False)
    assert pace.put_aside(0).seconds == 0.5
    assert pace.put_aside(3).seconds == 4.0
