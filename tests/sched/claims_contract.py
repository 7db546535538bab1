"""What every table of schedules promises: a class of tests, for the brokers' own modules."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from itertools import count

import dramatiq
import pytest
from broker_nodes import LEASE, Stores, kill, message
from dramatiq.errors import QueueNotFound
from waiting import PATIENCE, until

from servey_core import Overlap
from servey_sched.brokers.base import QueueSizes
from servey_sched.brokers.ticks import MOST_OPEN, Claim, Claimed, KnownSchedule
from servey_sched.schedules.overlaps import Outcome, on_tick

START = datetime(2030, 1, 1, tzinfo=UTC)
COMES_OF = {
    Outcome.START: Claimed.FIRED,
    Outcome.REPLACE: Claimed.FIRED,
    Outcome.WAIT: Claimed.WAITS,
    Outcome.DROP: Claimed.DROPPED,
}


def tick(number: float) -> datetime:
    """A tick; a larger number is later."""
    return START + timedelta(seconds=number)


def words(broker, state="ready"):
    """What the jobs in a state are given."""
    return [job.message.args[0] for job in broker.jobs(state=state, limit=10_000)]


class ClaimsContract(Stores):
    """The promises of `servey_sched.brokers.ticks`."""

    def test_a_tick_is_claimed_once_by_however_many(self, brokers):
        def claim(number: int) -> int:
            broker = brokers[number % 4]
            outcomes = [broker.claim("s", tick(one), message("note", one)) for one in range(10)]
            return [answer.outcome for answer in outcomes].count(Claimed.FIRED)

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(claim, range(8))) == 10
        assert sorted(words(brokers[0])) == list(range(10))
        assert brokers[0].schedules()["s"].fired == 10

    def test_who_does_not_know_of_the_last_tick_must_count_anew(self, broker):
        broker.claim("s", tick(0), message())
        broker.claim("s", tick(2), message(), missed=1, since=tick(0))
        stale = broker.claim("s", tick(4), message(), missed=3, since=tick(0))
        assert stale == Claim(Claimed.PASSED, tick(2))
        known = broker.schedules()["s"]
        assert (known.last, known.fired, known.missed) == (tick(2), 2, 1)
        late = broker.claim("s", tick(2), message(), since=tick(0))
        assert late == Claim(Claimed.LATE, tick(2))
        for moment, since in ((4, 2), (6, 5)):  # a changed rule may have it count from later on
            answer = broker.claim("s", tick(moment), message(), missed=1, since=tick(since))
            assert answer.outcome is Claimed.FIRED
        assert broker.schedules()["s"].missed == 3

    def test_each_schedule_has_ticks_of_its_own(self, broker):
        for name in ("hourly", "nightly", "é\n'"):
            assert broker.claim(name, tick(0), message()) == Claim(Claimed.FIRED, tick(0))
        assert list(broker.schedules()) == ["hourly", "nightly", "é\n'"]

    def test_of_many_jobs_that_nobody_runs_the_last_are_remembered(self, broker):
        """A claim looks at each of them, so it would take ever longer."""
        jobs = [message("note", number) for number in range(MOST_OPEN + 2)]
        for number, job in enumerate(jobs):
            assert broker.claim("s", tick(number), job).outcome is Claimed.FIRED
        assert broker.schedules()["s"].open == tuple(job.message_id for job in jobs[2:])
        assert words(broker) == list(range(MOST_OPEN + 2))

    def test_a_tick_that_is_not_later_than_the_last_is_refused(self, broker):
        assert broker.claim("s", tick(5), message()).outcome is Claimed.FIRED
        before = broker.schedules()
        for number in (5, 4.999999, 0, -10):
            answer = broker.claim("s", tick(number), message(), missed=3, overlap=Overlap.REPLACE)
            assert answer == Claim(Claimed.LATE, tick(5))
        assert broker.schedules() == before
        assert broker.sizes() == {"default": QueueSizes(ready=1)}
        assert broker.claim("s", tick(5.000001), message()).outcome is Claimed.FIRED

    def test_a_tick_is_one_in_whatever_zone_it_is_told(self, broker):
        east = timezone(timedelta(hours=14))
        assert broker.claim("s", tick(0).astimezone(east), message()).last == tick(0)
        assert broker.claim("s", tick(0), message()).outcome is Claimed.LATE
        for naive in (broker.claim, lambda name, at, _: broker.schedule(name, now=at)):
            with pytest.raises(ValueError, match="time zone"):
                naive("s", datetime(2040, 1, 1), message())  # noqa: DTZ001 - on purpose

    def test_a_tick_is_not_claimed_where_its_message_cannot_be_enqueued(self, broker):
        with pytest.raises(QueueNotFound):
            broker.claim("s", tick(0), dramatiq.Message("other", "a", (), {}, {}))
        with pytest.raises(TypeError):
            broker.claim("s", tick(0), message("note", object()))
        with pytest.raises(ValueError, match="delay"):
            broker.claim("s", tick(0), message(), delay=-1)
        assert broker.schedules() == {}
        assert broker.claim("s", tick(0), message()).outcome is Claimed.FIRED

    def test_a_schedule_counts_from_the_moment_it_was_first_seen(self, brokers):
        first, second, *_ = brokers
        assert first.schedule("s", now=tick(5)) == KnownSchedule(last=tick(5), seen=tick(5))
        assert second.schedule("s", now=tick(7)) == KnownSchedule(last=tick(5), seen=tick(7))
        assert second.claim("s", tick(5), message()) == Claim(Claimed.LATE, tick(5))
        assert second.claim("s", tick(6), message()).outcome is Claimed.FIRED
        known = first.schedule("s", now=tick(6.5))
        assert (known.last, known.seen, known.fired) == (tick(6), tick(6.5), 1)
        assert second.schedules() == {"s": known}

    def test_a_schedule_is_forgotten(self, broker):
        assert not broker.forget_schedule("s")
        broker.schedule("s", now=tick(0))
        broker.claim("s", tick(1), message())
        broker.claim("other", tick(1), message())
        assert broker.forget_schedule("s")
        assert list(broker.schedules()) == ["other"]
        assert broker.schedule("s", now=tick(0)) == KnownSchedule(last=tick(0), seen=tick(0))
        assert broker.sizes() == {"default": QueueSizes(ready=2)}

    @pytest.mark.parametrize("overlap", list(Overlap))
    @pytest.mark.parametrize("running", [0, 1, 2])
    @pytest.mark.parametrize("ready", [0, 1, 2])
    @pytest.mark.parametrize("delayed", [0, 1])
    def test_earlier_jobs_decide(self, broker, overlap, running, ready, delayed):
        numbers = count(1)

        def enqueue(how_many, delay=None):
            sent = [message("note", next(numbers)) for _ in range(how_many)]
            for one in sent:
                assert broker.claim("s", tick(one.args[0]), one, delay=delay).last
            return [one.message_id for one in sent]

        run = enqueue(running)
        consumer = broker.consume("default", prefetch=running or 1, timeout=5000)
        delivered = [next(consumer) for _ in run]
        wait = enqueue(ready) + enqueue(delayed, delay=60_000)
        before = broker.schedules().get("s", KnownSchedule(tick(99)))
        assert before.open == (*run, *wait)
        sizes = QueueSizes(ready=ready, delayed=delayed, running=running)

        new = message("note", "new")
        answer = broker.claim("s", tick(99), new, overlap=overlap, missed=4)
        outcome = on_tick(overlap, running=running, waiting=ready + delayed)
        assert answer.outcome is COMES_OF[outcome]
        after = broker.schedules().get("s")
        if outcome is Outcome.WAIT:
            assert (answer.last, answer.replaced) == (before.last, ())
            assert after == before
            assert broker.sizes() == {"default": sizes}
            return
        assert (answer.last, after.last, after.missed) == (tick(99), tick(99), 4)
        fires = outcome is not Outcome.DROP
        assert (after.fired - before.fired, after.dropped) == (fires, not fires)
        if outcome is Outcome.REPLACE:
            assert answer.replaced == tuple(run)
            assert after.open == (*run, new.message_id)
            assert broker.sizes() == {"default": QueueSizes(ready=1, running=running)}
        else:
            assert answer.replaced == ()
            assert after.open == (*run, *wait, *([new.message_id] if fires else []))
            assert broker.sizes()["default"].ready == ready + fires
            assert words(broker).count("new") == fires
        consumer.ack_many(delivered)

    def test_only_jobs_that_are_not_done_are_in_the_way(self, broker):
        consumer = broker.consume("default", prefetch=1, timeout=5000)
        for number, end in enumerate((consumer.ack, consumer.nack), 1):
            assert broker.claim("s", tick(number), message()).outcome is Claimed.FIRED
            delivery = next(consumer)
            answer = broker.claim("s", tick(number + 0.5), message(), overlap=Overlap.QUEUE_ONE)
            assert answer.outcome is Claimed.WAITS
            end(delivery)
        sent = message()
        assert broker.claim("s", tick(3), sent, overlap=Overlap.SKIP).outcome is Claimed.FIRED
        assert broker.schedules()["s"].open == (sent.message_id,)
        assert broker.cancel(sent.message_id)
        assert broker.claim("s", tick(4), message(), overlap=Overlap.SKIP).outcome is Claimed.FIRED

    def test_a_job_that_is_tried_again_is_in_the_way(self, broker):
        broker.claim("s", tick(1), message())
        consumer = broker.consume("default", timeout=5000)
        failed = next(consumer)
        broker.enqueue(failed.copy(), delay=60_000)
        consumer.ack(failed)
        answer = broker.claim("s", tick(2), message(), overlap=Overlap.SKIP)
        assert answer == Claim(Claimed.DROPPED, tick(2))
        replaces = broker.claim("s", tick(3), message(), overlap=Overlap.REPLACE)
        assert replaces == Claim(Claimed.FIRED, tick(3))
        assert broker.sizes() == {"default": QueueSizes(ready=1)}

    def test_jobs_of_others_are_not_in_the_way(self, broker):
        broker.claim("other", tick(1), message())
        broker.enqueue(message())
        assert broker.claim("s", tick(1), message(), overlap=Overlap.SKIP).outcome is Claimed.FIRED

    def test_a_job_that_runs_is_named_until_it_is_done(self, broker):
        first = message()
        broker.claim("s", tick(1), first)
        consumer = broker.consume("default", timeout=5000)
        delivery = next(consumer)
        for number in (2, 3):
            answer = broker.claim("s", tick(number), message(), overlap=Overlap.REPLACE)
            assert answer.replaced == (first.message_id,)
        consumer.ack(delivery)
        assert broker.claim("s", tick(4), message(), overlap=Overlap.REPLACE).replaced == ()
        assert broker.sizes() == {"default": QueueSizes(ready=1)}

    def test_a_job_that_has_the_id_of_an_earlier_one_takes_its_place(self, broker):
        sent = message()
        broker.claim("s", tick(1), sent)
        consumer = broker.consume("default", timeout=5000)
        next(consumer)
        answer = broker.claim("s", tick(2), sent, overlap=Overlap.REPLACE)
        assert answer == Claim(Claimed.FIRED, tick(2))
        assert broker.schedules()["s"].open == (sent.message_id,)
        assert broker.sizes() == {"default": QueueSizes(ready=1)}

    def test_numbers_add_up(self, broker):
        broker.claim("s", tick(1), message(), missed=2)
        broker.claim("s", tick(2), message(), missed=3, overlap=Overlap.SKIP)
        broker.claim("s", tick(3), message(), missed=4)
        known = broker.schedules()["s"]
        assert (known.last, known.seen) == (tick(3), None)
        assert (known.fired, known.dropped, known.missed) == (2, 1, 9)

    def test_a_job_is_held_back_by_its_delay(self, broker):
        broker.claim("s", tick(1), message("note", "later"), delay=60_000)
        assert words(broker, "delayed") == ["later"]

    def test_middleware_sees_a_job_where_there_is_one(self, broker):
        seen = []

        class Sees(dramatiq.Middleware):
            def after_enqueue(self, broker, message, delay):
                seen.append((message.args, delay))

        broker.add_middleware(Sees())
        broker.claim("s", tick(1), message("note", "first"), delay=5)
        broker.claim("s", tick(1), message("note", "late"))
        broker.claim("s", tick(2), message("note", "dropped"), overlap=Overlap.SKIP)
        assert seen == [(("first",), 5)]


CLAIMANTS = """
import random
from datetime import datetime, timedelta

def claim_all():
    for number in range(50):
        for name in {names!r}:
            moment = datetime.fromisoformat({start!r}) + timedelta(seconds=number)
            broker.claim(name, moment, note.message([name, number]))
    os._exit(0)

children, kills = [], 0
while True:
    children += [os.fork() or claim_all() for _ in range(4 - len(children))]
    time.sleep(random.random() * 0.005 * 1.05**kills)  # so that one lives long enough at last
    victim = children.pop(random.randrange(4))
    os.kill(victim, signal.SIGKILL)
    if os.waitpid(victim, 0)[1] != 0:
        kills += 1
    elif kills > 10:
        break
for child in children:
    os.waitpid(child, 0)
print(kills)
"""


class ClaimingProcessesContract(Stores):
    """The promises of `servey_sched.brokers.ticks` over processes that die."""

    def test_each_tick_has_one_job_however_many_nodes_are_killed(self, nodes, broker):
        names = [f"schedule {number}" for number in range(20)]
        program = CLAIMANTS.format(start=START.isoformat(), names=names)
        claimants = nodes.start(program, ready=False)
        assert int(claimants.communicate(timeout=3 * PATIENCE)[0]) > 10
        claimed = Counter(map(tuple, words(broker)))
        assert claimed == {(name, number): 1 for name in names for number in range(50)}
        assert {name: known.fired for name, known in broker.schedules().items()} == dict.fromkeys(
            names, 50
        )

    def test_a_job_whose_node_died_waits_once_its_lease_is_over(self, nodes, broker):
        first = message("nap", "job", 60)
        broker.claim("s", tick(1), first)
        node = nodes.start()
        until(lambda: nodes.said("begin", "job"))
        kill(node)
        answer = broker.claim("s", tick(2), message(), overlap=Overlap.QUEUE_ONE)
        assert answer.outcome is Claimed.WAITS
        until(lambda: broker.find(first.message_id).state == "ready")  # though nobody consumes
        answer = broker.claim("s", tick(2), message(), overlap=Overlap.QUEUE_ONE)
        assert answer.outcome is Claimed.DROPPED

    def test_a_job_whose_node_died_is_replaced_once_its_lease_is_over(self, nodes, broker):
        first = message("nap", "job", 60)
        broker.claim("s", tick(1), first)
        node = nodes.start()
        until(lambda: nodes.said("begin", "job"))
        kill(node)
        time.sleep(LEASE + 0.1)  # as nothing else may look at the job
        answer = broker.claim("s", tick(2), message("note", "new"), overlap=Overlap.REPLACE)
        assert answer == Claim(Claimed.FIRED, tick(2))
        assert words(broker) == ["new"]
        assert broker.find(first.message_id) is None
