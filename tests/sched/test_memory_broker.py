"""The broker in memory keeps what every broker promises, while its process lives."""

import threading
import time

import dramatiq
import pytest
from broker_contract import OneProcessContract
from broker_nodes import message
from claims_contract import ClaimsContract, tick
from inspection_contract import InspectionContract

from servey_core import Overlap, QueueFull
from servey_sched.brokers.base import QueueSizes
from servey_sched.brokers.memory import MemoryBroker
from servey_sched.brokers.memory_heap import Job
from servey_sched.brokers.ticks import Claimed


class TestMemory(OneProcessContract, InspectionContract, ClaimsContract):
    @pytest.fixture
    def recipe(self):
        return """
from servey_sched.brokers.memory import MemoryBroker
broker = MemoryBroker()
"""

    @pytest.fixture
    def brokers(self, broker):
        return [broker] * 4

    def put_garbage(self, broker, body):
        with broker._lock:
            broker._jobs.put([Job("garbage", "default", 0, body)])


@pytest.fixture
def broker():
    broker = MemoryBroker(limit=3)
    broker.declare_queue("default")
    return broker


@pytest.fixture
def full(broker):
    """A broker that has no room, and the messages in it."""
    sent = [message() for _ in range(3)]
    broker.enqueue_many(sent[:2])
    broker.enqueue(sent[2], delay=60_000)
    return broker, sent


def test_a_full_broker_refuses_what_is_new_and_keeps_what_it_has(full):
    broker, sent = full
    for refused in (
        lambda: broker.enqueue(message()),
        lambda: broker.enqueue(message(), delay=5),
        lambda: broker.enqueue_many([sent[0], message()]),
        lambda: broker.claim("s", tick(0), message()),
    ):
        with pytest.raises(QueueFull, match="3 jobs wait in memory") as caught:
            refused()
        assert caught.value.status == 503
    assert broker.schedules() == {}
    assert broker.sizes() == {"default": QueueSizes(ready=2, delayed=1)}


def test_a_full_broker_has_room_for_a_job_that_it_has(full):
    broker, sent = full
    consumer = broker.consume("default", timeout=0)
    failed = next(consumer)
    broker.enqueue(failed.copy(), delay=60_000)
    consumer.ack(failed)
    broker.enqueue_many(sent)
    assert broker.sizes() == {"default": QueueSizes(ready=3)}


def test_a_full_broker_has_room_where_something_leaves(full):
    broker, sent = full
    assert broker.cancel(sent[2].message_id)
    broker.claim("s", tick(1), message())
    answer = broker.claim("s", tick(2), message(), overlap=Overlap.REPLACE)
    assert answer.outcome is Claimed.FIRED
    consumer = broker.consume("default", timeout=0)
    for end in (consumer.ack, consumer.nack):
        end(next(consumer))
        broker.enqueue(message())
    with pytest.raises(QueueFull):
        broker.retry_dead(broker.dead()[0].id)
    assert broker.sizes() == {"default": QueueSizes(ready=3, dead=1)}


def test_as_many_dead_letters_as_jobs_are_kept_and_the_oldest_goes(broker):
    consumer = broker.consume("default", timeout=0)
    sent = [broker.enqueue(message()).message_id for _ in range(5) if bury_all(consumer)]
    bury_all(consumer)
    assert [dead.id for dead in broker.dead()] == sent[:1:-1]


def bury_all(consumer):
    """Make dead letters of what is ready."""
    while delivery := next(consumer):
        consumer.nack(delivery)
    return True


def test_a_consumer_wakes_at_once_and_for_what_becomes_due(broker):
    consumer = broker.consume("default", timeout=20_000)
    for delay in (None, 50):
        began = time.monotonic()
        threading.Timer(0.05, broker.enqueue, [message()], {"delay": delay}).start()
        consumer.ack(next(consumer))
        assert 0.04 < time.monotonic() - began < 1


def test_a_consumer_that_waits_wakes_where_it_is_closed(broker):
    consumer = broker.consume("default", timeout=20_000)
    threading.Timer(0.05, broker.close).start()
    began = time.monotonic()
    assert next(consumer) is None
    assert time.monotonic() - began < 5


def test_a_consumer_without_room_wakes_where_it_has_some(broker):
    broker.enqueue_many([message(), message()])
    consumer = broker.consume("default", prefetch=1, timeout=20_000)
    threading.Timer(0.05, consumer.ack, [next(consumer)]).start()
    began = time.monotonic()
    assert next(consumer)
    assert time.monotonic() - began < 5


def test_jobs_that_leave_before_their_turn_take_no_room(broker):
    broker.enqueue(message(), delay=30_000)  # before them, so that theirs never comes
    for _ in range(10_000):
        broker.cancel(broker.enqueue(message(), delay=60_000).message_id)
    kept = broker.enqueue(message(), delay=0)
    queue = broker._jobs.queue("default")
    assert len(queue.delayed._heap) < 200
    assert next(broker.consume("default")).message_id == kept.message_id


def test_threads_that_race_lose_and_repeat_nothing():
    broker = MemoryBroker()
    done = []
    actor = dramatiq.actor(done.append, broker=broker, actor_name="a")
    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=4)
    worker.start()
    producers = [
        threading.Thread(target=lambda first=first: [actor.send(first + n) for n in range(500)])
        for first in range(0, 2000, 500)
    ]
    for producer in producers:
        producer.start()
    for producer in producers:
        producer.join()
    broker.join("default", timeout=10_000)
    worker.stop()
    assert sorted(done) == list(range(2000))
