"""Claims in the state store, for brokers that have no place for them: a job runs once, or later."""

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import dramatiq
import pytest
from applications import SECOND, START, Application, served
from dramatiq.errors import ConnectionFailed
from waiting import PATIENCE, until

from servey_core import FixedRateTrigger, Overlap, Unavailable, action, current_job
from servey_core.state.memory import MemoryStore
from servey_core.state.sqlite import SqliteStore
from servey_sched.brokers.ticks import MOST_OPEN, Claim, Claimed
from servey_sched.scheduling import store_rows
from servey_sched.scheduling.store_claims import StoreClaims
from servey_sched.worker.running import JobRunner
from servey_sched.worker.verdicts import Dead

IMPATIENCE = 0.05


class Faulty(MemoryStore):
    """A store whose replacements fail as often as is said."""

    def __init__(self):
        super().__init__()
        self.failures = 0

    async def get(self, key):
        found = await super().get(key)
        await asyncio.sleep(0)  # so that another may be quicker
        return found

    async def replace(self, key, expected, value, seconds):
        if self.failures:
            self.failures -= 1
            raise Unavailable("not now")
        return await super().replace(key, expected, value, seconds)


class Here:
    """An application, and claims of two nodes in one store."""

    def __init__(self, **settings):
        self.ran = Counter()

        @action(triggers=FixedRateTrigger(10))
        async def beat() -> None:
            """Beat."""
            self.ran[current_job().id] += 1

        self.application = Application(beat, **settings)
        self.store = Faulty()
        self.first, self.second = self.claims(), self.claims()
        self._enqueue = self.application.broker.enqueue

    def claims(self, patience=IMPATIENCE):
        return StoreClaims(lambda: self.store, self.application.broker, patience)

    async def claim(self, claims, number, overlap=Overlap.ALLOW):
        tick = START + number * 10 * SECOND
        message = self.application.plan.message(tick)
        return await claims.claim("beat", tick, message, overlap=overlap, missed=0, delay=None)

    def ids(self, *numbers):
        return self.application.ids([START + number * 10 * SECOND for number in numbers])

    def lose_broker(self):
        def fail(*_, **__):
            raise ConnectionFailed("gone")

        self.application.broker.enqueue = fail

    def find_broker(self):
        self.application.broker.enqueue = self._enqueue


@pytest.fixture
def here():
    return Here()


def test_a_tick_is_claimed_once_over_any_number_of_nodes(tmp_path):
    here = Here(broker_url=f"sqlite:///{tmp_path}/jobs.db")
    claims_made = []  # by threads, which could not count together

    def node(_):
        store = SqliteStore(tmp_path / "state.db")
        claims = StoreClaims(lambda: store, here.application.broker)

        async def main():
            claims_made.extend([await here.claim(claims, number) for number in range(1, 11)])
            await store.close()

        asyncio.run(main())

    with ThreadPoolExecutor(5) as pool:
        list(pool.map(node, range(5)))
    assert Counter(claim.outcome for claim in claims_made) == {Claimed.FIRED: 10, Claimed.LATE: 40}
    assert sorted(here.application.fired) == sorted(here.ids(*range(1, 11)))
    here.application.broker.close()


def test_of_claims_at_one_moment_one_is_made(here):
    async def main():
        for number in range(1, 4):
            nodes = (here.first, here.second, here.claims())
            claims = await asyncio.gather(*(here.claim(one, number) for one in nodes))
            outcomes = sorted(claim.outcome for claim in claims)
            assert outcomes == [Claimed.FIRED, Claimed.LATE, Claimed.LATE]
        return (await here.first.known(["beat"]))["beat"].fired

    assert asyncio.run(main()) == 3
    assert here.application.fired == here.ids(1, 2, 3)


def test_the_job_of_a_node_that_dies_after_its_claim_is_enqueued_by_another(here):
    async def main():
        here.lose_broker()
        with pytest.raises(Unavailable):
            await here.claim(here.first, 1)  # and this node is never seen again
        here.find_broker()
        patient = here.claims(3600)
        assert (await here.claim(patient, 2)).outcome is Claimed.FIRED
        assert (await here.claim(patient, 1)).outcome is Claimed.LATE
        await patient.settle()
        assert here.application.fired == here.ids(2)  # the other may be about to
        assert (await here.claim(here.second, 1)).outcome is Claimed.LATE
        await asyncio.sleep(2 * IMPATIENCE)
        await here.second.settle()
        await here.second.settle()

    asyncio.run(main())
    assert here.application.fired == here.ids(2, 1)


def test_a_node_that_starts_enqueues_what_is_left_of_another(here):
    async def main():
        here.lose_broker()
        with pytest.raises(Unavailable):
            await here.claim(here.first, 1)
        here.find_broker()
        await here.second.schedule("beat", now=START)
        await asyncio.sleep(2 * IMPATIENCE)
        await here.second.settle()

    asyncio.run(main())
    assert here.application.fired == here.ids(1)


def test_a_claim_whose_broker_is_away_is_made_once_and_enqueued_when_it_is_back(here, caplog):
    async def main():
        here.lose_broker()
        for number in (1, 1, 2, 3):
            with pytest.raises(Unavailable):
                await here.claim(here.first, number)
        await here.first.settle()
        await here.first.settle()
        known = (await here.first.known(["beat"]))["beat"]
        assert known.fired == 1
        here.find_broker()
        assert await here.claim(here.first, 1) == Claim(Claimed.LATE, START + 10 * SECOND)
        assert (await here.claim(here.first, 3)).outcome is Claimed.FIRED

    asyncio.run(main())
    assert here.application.fired == here.ids(1, 3)
    [record] = caplog.records
    assert "A job of the schedule beat is not enqueued yet" in record.message


def test_a_job_that_is_enqueued_twice_runs_once(here):
    enqueue = here.application.broker.enqueue

    def enqueue_unconfirmed(*args, **options):
        enqueue(*args, **options)
        here.store.failures = 1

    here.application.broker.enqueue = enqueue_unconfirmed
    with served(here.application, "jobs"):
        with pytest.raises(Unavailable):
            asyncio.run(here.claim(here.first, 1))
        until(lambda: here.ran and here.application.broker.is_idle("default"))
        here.application.broker.enqueue = enqueue
        asyncio.run(here.first.settle())
        until(lambda: here.application.broker.is_idle("default"))
    assert here.application.fired == here.ids(1, 1)
    assert here.ran == Counter(here.ids(1))


def test_that_a_job_has_ended_is_known_at_last(here, monkeypatch):
    monkeypatch.setattr("servey_sched.scheduling.store_claims._PAUSE", 0.01)

    async def main():
        await here.claim(here.first, 1)
        here.store.failures = 3
        with pytest.raises(Unavailable):
            await here.first.ended("beat", here.ids(1)[0])
        async with asyncio.timeout(PATIENCE):
            while (await here.first.known(["beat"]))["beat"].open:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        return await here.claim(here.first, 2, Overlap.SKIP)

    assert asyncio.run(main()).outcome is Claimed.FIRED


def test_a_job_whose_end_nobody_tells_blocks_its_schedule_for_a_day_at_most(here, monkeypatch):
    async def main(number):
        return (await here.claim(here.first, number, Overlap.SKIP)).outcome

    assert asyncio.run(main(1)) is Claimed.FIRED
    assert asyncio.run(main(2)) is Claimed.DROPPED
    monkeypatch.setattr(store_rows, "OPEN_FOR", timedelta(0))
    assert asyncio.run(main(3)) is Claimed.FIRED
    assert timedelta(days=1) >= store_rows.OPEN_FOR


def test_of_many_jobs_that_nobody_runs_the_last_are_remembered(here):
    async def main():
        for number in range(1, MOST_OPEN + 3):
            assert (await here.claim(here.first, number)).outcome is Claimed.FIRED
        return (await here.first.known(["beat"]))["beat"].open

    assert asyncio.run(main()) == tuple(here.ids(*range(3, MOST_OPEN + 3)))


def test_a_worker_tells_of_the_ends_of_jobs():
    """By the worker's own way to `ended`, as with a broker that has no claims."""
    done = threading.Event()

    @action(triggers=FixedRateTrigger(10))
    async def beat() -> None:
        """Beat."""
        done.set()

    here = Application(beat)
    claims = StoreClaims(lambda: here.runtime.state, here.broker)
    tick = START

    async def claim():
        await claims.claim(
            "beat", tick, here.plan.message(tick), overlap=Overlap.SKIP, missed=0, delay=None
        )

    def open_jobs():
        return asyncio.run(claims.known(["beat"]))["beat"].open

    with pytest.MonkeyPatch.context() as patches:
        patches.setattr("servey_sched.worker.service.claims_of", lambda *_: claims)
        asyncio.run(claim())
        assert open_jobs() == tuple(here.ids([tick]))
        with served(here, "jobs"):
            until(done.is_set)
            until(lambda: not open_jobs())


@pytest.mark.parametrize(
    "changes",
    [{"actor_name": "an_old_name"}, {"options": {"servey": 99, "schedule": "beat"}}],
    ids=["of an unknown action", "of another form"],
)
def test_a_job_that_cannot_be_run_is_in_the_way_of_no_later_tick(changes):
    here = Here()
    application = here.application

    async def run_odd():
        await here.claim(here.first, 1, Overlap.SKIP)
        odd = dramatiq.MessageProxy(replace(application.enqueued.messages[0], **changes))
        verdict = await JobRunner(application.runtime, here.first.ended).run(odd)
        assert isinstance(verdict, Dead)
        return await here.claim(here.first, 2, Overlap.SKIP)

    assert asyncio.run(run_odd()).outcome is Claimed.FIRED
