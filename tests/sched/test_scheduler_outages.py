"""A broker that is away when a tick is due: it is fired when that is back, once, with a warning."""

import asyncio
import logging
import sqlite3
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
from applications import SECOND, START, Application, VirtualClock
from redis_servers import OwnRedis
from waiting import until

from servey_core import FixedRateTrigger, Misfire, Overlap, action
from servey_sched.brokers.redis import RedisBroker
from servey_sched.brokers.sqlite import SqliteBroker
from servey_sched.scheduling.scheduler import Scheduler

pytestmark = pytest.mark.slow

INTERVAL = 0.5
PATIENCE = 1.0
"""How long a broker is waited for, in seconds: busy machines have them answer late."""

WAITS, GOES_ON = "waits until it can go on", "goes on"


class Redis:
    """A broker on a Redis that can be stopped."""

    def __init__(self, folder):
        self._server = OwnRedis(folder)
        self.broker = RedisBroker(self._server.url, patience=PATIENCE, middleware=[])

    @contextmanager
    def away(self):
        self._server.stop()
        try:
            yield
        finally:
            self._server.go_on()

    def close(self):
        self.broker.close()
        self._server.kill()


class Sqlite:
    """A broker on a file that can be locked."""

    def __init__(self, folder):
        self._file = folder / "jobs.db"
        self.broker = SqliteBroker(self._file, patience=PATIENCE, middleware=[])

    @contextmanager
    def away(self):
        connection = sqlite3.connect(self._file, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.close()

    def close(self):
        self.broker.close()


@pytest.fixture(params=[Redis, Sqlite], ids=["redis", "sqlite"])
def place(request, tmp_path):
    place = request.param(tmp_path)
    yield place
    place.close()


@contextmanager
def scheduling(*applications):
    """A node for each application, for as long as the context is open."""
    loops = []

    async def run():
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        nodes = [
            Scheduler(one.plans, one.claims, lambda one=one: one.runtime.state)
            for one in applications
        ]
        await asyncio.gather(*(node.run(stop) for node in nodes))

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    until(lambda: loops)
    try:
        yield
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join()


@pytest.mark.parametrize("misfire", [Misfire.once(), Misfire.all(100)], ids=["once", "all"])
def test_what_was_due_is_fired_when_the_broker_is_back(place, misfire, caplog):
    @action(triggers=FixedRateTrigger(INTERVAL, misfire=misfire, overlap=Overlap.ALLOW))
    async def beat() -> None:
        """Beat."""

    here = Application(beat, broker=place.broker)
    caplog.set_level(logging.INFO, "servey.schedules")

    def told(text):
        return [one for one in caplog.records if text in one.message]

    with scheduling(here, here):
        until(lambda: here.fired)
        with place.away():
            until(lambda: len(told(WAITS)) == len(told(GOES_ON)) + 2)
            waiting = len(told(WAITS))
            time.sleep(2 * INTERVAL)
            assert len(told(WAITS)) == waiting  # once a node, however long that takes
        until(lambda: len(told(WAITS)) == len(told(GOES_ON)))
        count = len(here.fired)
        until(lambda: len(here.fired) > count + 1)
    known = here.known()
    jobs = [job.id for job in here.broker.jobs(state="ready", limit=1000)]
    assert len(jobs) == len(set(jobs)) == known.fired
    ticks = list(here.plan.schedule.ticks.between(known.last - timedelta(hours=1), known.last))
    passed = here.ids(ticks[-known.fired - known.missed :])
    assert set(jobs) <= set(passed)
    assert jobs[0] == passed[0]
    assert (known.missed == 0) if misfire.limit > 1 else (known.missed >= 1)


def test_what_is_too_late_when_the_broker_is_back_is_not_fired(place):
    misfire = Misfire.skip(timedelta(seconds=0.4))

    @action(triggers=FixedRateTrigger(1, misfire=misfire, overlap=Overlap.ALLOW))
    async def beat() -> None:
        """Beat."""

    here = Application(beat, broker=place.broker)
    clock = VirtualClock(START + 0.5 * SECOND)
    node = here.scheduler(clock)

    async def main():
        await node.turn()
        clock.now = START + SECOND
        with place.away():
            await node.turn()
        clock.now = START + 1.5 * SECOND
        await node.turn()
        assert not here.fired
        clock.now = START + 2 * SECOND
        await node.turn()

    asyncio.run(main())
    assert here.fired == here.ids([START + 2 * SECOND])
    known = here.known()  # a broker may have done what it was asked, and then could not say so
    assert (known.fired, known.missed) in ((1, 1), (2, 0))
