"""What becomes of ticks while the job of an earlier one waits or runs, with real workers."""

import asyncio
import threading
import time

import pytest
from applications import SECOND, START, Application, VirtualClock, served
from waiting import until

from servey_core import FixedRateTrigger, Misfire, Overlap, Unavailable, action
from servey_sched.brokers.ticks import KnownSchedule
from servey_sched.jobs.cancelling import cancelled_jobs
from servey_sched.scheduling.store_claims import StoreClaims

TICKS = [START + number * 10 * SECOND for number in range(20)]
"""Ticks 10 seconds apart, on a clock that the tests set; jobs run on real workers."""


class Here:
    """An application whose jobs run until they are let go, and its scheduler.

    Args:
        overlap: The schedule's policy.
        kind: How ticks are claimed: in a broker, or in the state store.
        folder: Where the broker has its file.
        misfire: The schedule's other policy.
    """

    def __init__(self, overlap, kind, folder, misfire=None):
        self.begun = 0
        self.ended = []
        self.go_on = threading.Semaphore(0)

        @action(triggers=FixedRateTrigger(10, overlap=overlap, misfire=misfire or Misfire.once()))
        async def nap() -> None:
            """Sleep until the test says so."""
            self.begun += 1
            try:
                while not self.go_on.acquire(blocking=False):  # noqa: ASYNC110 - of a thread
                    await asyncio.sleep(0.01)
            except asyncio.CancelledError:
                self.ended.append("cancelled")
                raise
            self.ended.append("done")

        places = {
            "memory": "memory:",
            "sqlite": f"sqlite:///{folder}/jobs.db",
            "store": "memory:",
        }
        self.application = Application(nap, broker_url=places[kind])
        self.claims = self.application.claims
        if kind == "store":
            self.claims = StoreClaims(
                lambda: self.application.runtime.state, self.application.broker
            )
        self.clock = VirtualClock(START + SECOND)
        self._nodes = [self.application.scheduler(self.clock, self.claims) for _ in range(2)]
        self.turn()

    def turn(self):
        """Let all nodes look."""

        async def turn():
            for node in self._nodes:
                await node.turn()

        asyncio.run(turn())

    def tick(self, number):
        """Let it be half a second after a tick."""
        self.clock.now = TICKS[number] + 0.5 * SECOND
        self.turn()

    def restart(self):
        """New nodes instead of the old ones."""
        self._nodes = [self.application.scheduler(self.clock, self.claims) for _ in range(2)]

    def fired(self):
        """The numbers of the ticks that have had a job."""
        known = {self.application.plan.job_id(tick): at for at, tick in enumerate(TICKS)}
        return [known[job] for job in self.application.fired]

    @property
    def known(self) -> KnownSchedule:
        [known] = asyncio.run(self.claims.known(["nap"])).values()
        return known

    def counts(self):
        return self.known.fired, self.known.dropped, self.known.missed


@pytest.fixture(params=["memory", "sqlite"])
def kind(request):
    return request.param


@pytest.fixture
def opened(tmp_path):
    """Opens an application, with a worker; it is closed at the end."""
    closing = []

    def opened(overlap, kind, **options):
        here = Here(overlap, kind, tmp_path, **options)
        if kind == "store":
            service = here.application.runtime.services()["jobs"].record
            assert service
        running = served(here.application, "jobs")
        running.__enter__()
        closing.append((here, running))
        return here

    yield opened
    for here, running in closing:
        for _ in range(50):
            here.go_on.release()
        running.__exit__(None, None, None)
        here.application.broker.close()


def test_a_tick_is_dropped_while_a_job_of_an_earlier_one_runs(opened, kind):
    here = opened(Overlap.SKIP, kind)
    for number in (1, 2, 3):
        here.tick(number)
        until(lambda: here.begun == 1)
    here.go_on.release()
    until(lambda: here.application.broker.is_idle("default"))
    here.tick(4)
    until(lambda: here.begun == 2)
    assert here.fired() == [1, 4]
    assert here.counts() == (2, 2, 0)


def test_a_tick_is_dropped_while_a_job_of_an_earlier_one_waits(tmp_path, kind):
    here = Here(Overlap.SKIP, kind, tmp_path)
    here.tick(1)
    here.tick(2)
    assert here.fired() == [1]
    assert here.counts() == (1, 1, 0)
    here.application.broker.close()


def test_jobs_run_side_by_side_where_they_may(opened, kind):
    here = opened(Overlap.ALLOW, kind)
    for number in (1, 2, 3):
        here.tick(number)
    until(lambda: here.begun == 3)
    assert here.counts() == (3, 0, 0)


@pytest.mark.parametrize(
    "misfire", [Misfire.once(), Misfire.skip(SECOND), Misfire.all(100)], ids=str
)
def test_one_tick_waits_for_the_running_job(opened, kind, misfire):
    here = opened(Overlap.QUEUE_ONE, kind, misfire=misfire)
    here.tick(1)
    until(lambda: here.begun == 1)
    for number in (2, 3, 4):
        here.tick(number)
    for _ in range(10):
        here.clock.step(0.5 * SECOND)
        here.turn()
    assert here.fired() == [1]
    assert here.counts() == (1, 2, 0)
    here.go_on.release()
    until(lambda: here.application.broker.is_idle("default"))
    here.clock.step(0.6 * SECOND)  # five seconds after the tick, however short the grace is
    here.turn()
    until(lambda: here.begun == 2)
    here.go_on.release()
    until(lambda: here.application.broker.is_idle("default"))
    here.clock.step(SECOND)
    here.turn()
    assert here.fired() == [1, 4]
    assert here.counts() == (2, 2, 0)
    assert here.ended == ["done", "done"]


def test_of_ticks_that_nobody_was_there_for_one_waits(opened, kind):
    here = opened(Overlap.QUEUE_ONE, kind, misfire=Misfire.all(3))
    here.tick(1)
    until(lambda: here.begun == 1)
    here.tick(6)
    assert here.fired() == [1]
    assert here.counts() == (1, 2, 2)  # 2 and 3 are missed, 4 and 5 dropped
    here.go_on.release()
    until(lambda: here.application.broker.is_idle("default"))
    here.clock.step(SECOND)
    here.turn()
    assert here.fired() == [1, 6]
    assert here.counts() == (2, 2, 2)


def test_a_tick_that_waits_survives_a_broker_that_is_away(opened):
    here = opened(Overlap.QUEUE_ONE, "memory", misfire=Misfire.skip(SECOND))
    here.tick(1)
    until(lambda: here.begun == 1)
    here.tick(2)
    claim, away = here.claims.claim, [True]

    async def failing(*args, **options):
        if away:
            raise Unavailable("not now")
        return await claim(*args, **options)

    here.claims.claim = failing
    here.clock.step(2 * SECOND)
    here.turn()
    away.clear()
    here.go_on.release()
    until(lambda: here.application.broker.is_idle("default"))
    here.clock.step(2 * SECOND)
    here.turn()
    assert here.fired() == [1, 2]


def test_the_running_job_is_cancelled_by_one_that_replaces_it(opened, kind):
    here = opened(Overlap.REPLACE, kind)
    here.tick(1)
    until(lambda: here.begun == 1)
    here.tick(2)
    until(lambda: here.ended == ["cancelled"])
    until(lambda: here.begun == 2)
    here.go_on.release()
    until(lambda: here.application.broker.is_idle("default"))
    assert here.ended == ["cancelled", "done"]
    assert here.counts() == (2, 0, 0)


def test_a_waiting_job_is_forgotten_for_one_that_replaces_it(tmp_path, kind):
    here = Here(Overlap.REPLACE, kind, tmp_path)
    for number in (1, 2, 3):
        here.tick(number)
    assert here.fired() == [1, 2, 3]
    waiting = here.application.broker.jobs(state="ready")
    assert [job.id for job in waiting] == here.application.ids([TICKS[3]])
    here.application.broker.close()


@pytest.mark.parametrize("how", ["state is away", "node died"])
def test_what_could_not_be_cancelled_at_once_is_cancelled_later(opened, how, monkeypatch):
    here = opened(Overlap.REPLACE, "memory")
    here.tick(1)
    until(lambda: here.begun == 1)

    async def failing(*_):
        raise Unavailable("not now")

    with monkeypatch.context() as patches:
        patches.setattr("servey_sched.scheduling.firing.cancel_wherever", failing)
        here.clock.now = TICKS[2] + 0.5 * SECOND
        asyncio.run(here._nodes[0].turn())
    assert here.fired() == [1, 2]
    here._nodes = here._nodes[1:] if how == "node died" else here._nodes[:1]
    here.clock.step(SECOND)
    here.turn()
    until(lambda: here.ended == ["cancelled"])


@pytest.mark.parametrize(
    ("overlap", "counts", "fired"),
    [
        (Overlap.SKIP, (2, 2, 0), [1, 4]),
        (Overlap.QUEUE_ONE, (2, 1, 0), [1, 3]),
        (Overlap.ALLOW, (4, 0, 0), [1, 2, 3, 4]),
        (Overlap.REPLACE, (4, 0, 0), [1, 2, 3, 4]),
    ],
)
def test_the_state_store_decides_alike(overlap, counts, fired, tmp_path):
    here = Here(overlap, "store", tmp_path)
    for number in (1, 2, 3):
        here.tick(number)
    for job in here.known.open:
        asyncio.run(here.claims.ended("nap", job))
    if overlap is Overlap.QUEUE_ONE:
        here.clock.step(SECOND)
        here.turn()
    else:
        here.tick(4)
    assert here.fired() == fired
    assert here.counts() == counts
    if overlap is Overlap.REPLACE:
        cancelled = asyncio.run(cancelled_jobs(here.application.runtime.state))
        replaced = [cancelled.has(job, time.time()) for job in here.application.fired]
        assert replaced == [True, True, False, False]


def test_a_schedule_by_the_wall_clock_keeps_to_its_policy(tmp_path):
    running, most, runs = [0], [0], [0]

    trigger = FixedRateTrigger(0.1, overlap=Overlap.QUEUE_ONE, misfire=Misfire.all(100))

    @action(triggers=trigger)
    def work() -> None:
        """Work for longer than an interval."""
        runs[0] += 1
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.25)
        running[0] -= 1

    here = Application(work, broker_url=f"sqlite:///{tmp_path}/jobs.db")
    with served(here, "jobs", "schedules"):
        until(lambda: runs[0] >= 3 and here.broker.schedules()["work"].dropped >= 2)
    assert most[0] == 1
    known = here.known()
    ids = here.ids(list(here.plan.schedule.ticks.between(known.last - 60 * SECOND, known.last)))
    assert known.fired + known.dropped == len(ids[ids.index(here.fired[0]) :])
    assert known.missed == 0
