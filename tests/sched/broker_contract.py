"""What every broker promises: classes of tests, for the brokers' own modules to subclass."""

import json
import threading
import time
from itertools import islice

import dramatiq
import pytest
from broker_nodes import Stores, message
from dramatiq.errors import QueueJoinTimeout, QueueNotFound
from processes_contract import ProcessesContract
from waiting import PATIENCE, until

from servey_sched.brokers.base import QueueSizes


def changed(**members):
    """A message that somebody has changed on its way."""
    return json.dumps(message("note").asdict() | members).encode()


GARBAGE = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "no JSON": b"not json" * 1000,
    "too deep": b"[" * 100_000,
    "no object": b"[]",
    "an older schema": b'{"an": "older schema"}',
    "another queue": changed(queue_name="another" * 1000),
    "no options": changed(options=None),
    "arguments without names": changed(kwargs=[]),
    "no actor": changed(actor_name=["note"]),
}


class OneProcessContract(Stores):
    """The promises of `servey_sched.brokers.base` that are kept in one process too."""

    def test_a_job_runs_with_its_arguments(self, broker, work):
        seen = []
        actor = dramatiq.actor(
            lambda *args, **kwargs: seen.append((args, kwargs)), broker=broker, actor_name="a"
        )
        actor.send(1, "é", key=[None])
        work()
        broker.join("default", timeout=5000)
        assert seen == [((1, "é"), {"key": [None]})]

    def test_jobs_are_enqueued_all_or_none(self, broker):
        with pytest.raises(TypeError):
            broker.enqueue_many([message("note", 1), message("note", object())])
        with pytest.raises(QueueNotFound):
            broker.enqueue_many([message(), dramatiq.Message("other", "note", (), {}, {})])
        assert broker.sizes() == {"default": QueueSizes()}
        broker.enqueue_many([message(), message()])
        assert broker.sizes() == {"default": QueueSizes(ready=2)}

    @pytest.mark.parametrize("delay", [-1, 2**70])
    def test_a_delay_that_cannot_be_is_refused(self, broker, delay):
        with pytest.raises(ValueError, match="delay"):
            broker.enqueue(message(), delay=delay)

    def test_a_priority_that_is_no_integer_is_refused(self, broker):
        with pytest.raises(ValueError, match="priority"):
            broker.enqueue(message(priority="high"))

    def test_middleware_sees_what_is_enqueued(self, make):
        seen = []

        class Sees(dramatiq.Middleware):
            def before_enqueue(self, broker, message, delay):
                message.options["stamp"] = "before"
                seen.append(("before", delay))

            def after_enqueue(self, broker, message, delay):
                seen.append(("after", delay))

        broker = make()
        broker.add_middleware(Sees())
        broker.enqueue(message(), delay=0)
        assert seen == [("before", 0), ("after", 0)]
        assert next(broker.consume("default", timeout=5000)).options["stamp"] == "before"

    def test_a_delayed_job_waits_for_its_time(self, broker, work):
        started = []
        actor = dramatiq.actor(lambda: started.append(time.time()), broker=broker, actor_name="a")
        actor.send_with_options(delay=60_000)
        assert broker.sizes() == {"default": QueueSizes(delayed=1)}
        broker.flush("default")
        work()
        sent = time.time()
        actor.send_with_options(delay=300)
        broker.join("default", timeout=5000)
        assert 0.299 <= started[0] - sent < 1.5

    def test_a_smaller_priority_goes_first_and_equals_go_in_order(self, broker):
        dramatiq.actor(print, broker=broker, actor_name="urgent", priority=-7)
        for actor, priority in (("c", 5), ("d", 5), ("a", -10), ("urgent", None), ("b", None)):
            broker.enqueue(message(actor, **({} if priority is None else {"priority": priority})))
        consumer = broker.consume("default", prefetch=1, timeout=5000)
        order = []
        for _ in range(5):
            delivery = next(consumer)
            order.append(delivery.actor_name)
            consumer.ack(delivery)
        assert order == ["a", "urgent", "b", "c", "d"]

    def test_a_consumer_has_no_more_than_its_prefetch(self, broker):
        broker.enqueue_many([message() for _ in range(10)])
        consumer = broker.consume("default", prefetch=4, timeout=20)
        taken = list(islice(filter(None, consumer), 4))
        assert next(consumer) is None
        assert broker.sizes() == {"default": QueueSizes(ready=6, running=4)}
        for delivery in taken:
            consumer.ack(delivery)
        until(lambda: next(consumer))

    def test_a_failed_job_is_tried_again_and_then_is_a_dead_letter(self, broker, work):
        starts = []

        @dramatiq.actor(broker=broker, max_retries=2, min_backoff=10, max_backoff=20)
        def fails():
            starts.append(1)
            raise ValueError("broken to pieces")

        sent = fails.send()
        work()
        broker.join("default", timeout=5000)
        assert len(starts) == 3
        (dead,) = broker.dead()
        assert (dead.id, dead.queue, dead.actor) == (sent.message_id, "default", "fails")
        assert dead.starts == 1  # since it was last enqueued
        assert "ValueError: broken to pieces" in dead.error
        assert abs(dead.died_at.timestamp() - time.time()) < 10
        assert broker.sizes() == {"default": QueueSizes(dead=1)}

    def test_a_dead_letter_that_is_retried_has_all_its_tries_again(self, broker, work):
        starts = []

        @dramatiq.actor(broker=broker, max_retries=1, min_backoff=1, max_backoff=2)
        def fails():
            starts.append(1)
            if len(starts) < 4:
                raise ValueError

        sent = fails.send()
        work()
        broker.join("default", timeout=5000)
        assert broker.retry_dead(sent.message_id)
        broker.join("default", timeout=5000)
        assert len(starts) == 4
        assert broker.dead() == []
        assert not broker.retry_dead(sent.message_id)

    def test_dead_letters_are_listed_and_purged(self, broker):
        broker.declare_queue("other")
        ids = []
        for queue in ("default", "other", "default"):
            sent = broker.enqueue(dramatiq.Message(queue, "a", (), {}, {}))
            ids.append(sent.message_id)
            consumer = broker.consume(queue, timeout=5000)
            consumer.nack(next(consumer))
        assert [dead.id for dead in broker.dead()] == ids[::-1]
        assert [dead.id for dead in broker.dead(queue="default")] == [ids[2], ids[0]]
        assert [dead.id for dead in broker.dead(limit=1)] == [ids[2]]
        assert broker.dead(limit=1)[0].error == ""
        assert broker.purge_dead("nobody") == 0
        assert broker.purge_dead(ids[0]) == 1
        assert broker.purge_dead() == 2
        assert broker.dead() == []

    def test_many_dead_letters_are_retried_at_once(self, broker):
        broker.declare_queue("other")
        queues = ["default", "other"] * 3
        sent = [broker.enqueue(dramatiq.Message(name, "a", (), {}, {})) for name in queues]
        for name in ("default", "other"):
            consumer = broker.consume(name, timeout=5000)
            for _ in range(3):
                consumer.nack(next(consumer))
            consumer.close()
        ids = [one.message_id for one in sent]
        assert broker.retry_many_dead([ids[4], "nobody", ids[0], ids[1]]) == {
            ids[i] for i in (0, 1, 4)
        }
        assert {dead.id for dead in broker.dead()} == {ids[2], ids[3], ids[5]}
        sizes = broker.sizes()
        assert (sizes["default"].ready, sizes["other"].ready) == (2, 1)
        assert broker.retry_many_dead(ids) == {ids[i] for i in (2, 3, 5)}

    def test_only_what_no_consumer_has_is_cancelled(self, broker):
        running = broker.enqueue(message())
        consumer = broker.consume("default", prefetch=1, timeout=5000)
        next(consumer)
        ready, delayed = broker.enqueue(message()), broker.enqueue(message(), delay=60_000)
        assert broker.cancel(ready.message_id)
        assert not broker.cancel(ready.message_id)
        assert broker.cancel(delayed.message_id)
        assert not broker.cancel(running.message_id)
        assert broker.sizes() == {"default": QueueSizes(running=1)}

    def test_flushing_drops_what_no_consumer_has(self, broker):
        broker.enqueue_many([message(), message()])
        broker.enqueue(message(), delay=60_000)
        next(broker.consume("default", prefetch=1, timeout=5000))
        broker.flush_all()
        assert broker.sizes() == {"default": QueueSizes(running=1)}

    def test_joining_gives_up_in_time(self, broker):
        broker.enqueue(message())
        with pytest.raises(QueueJoinTimeout):
            broker.join("default", timeout=50)

    def test_an_unknown_actor_is_a_dead_letter_and_stops_nobody(self, broker, work):
        done = threading.Event()
        dramatiq.actor(done.set, broker=broker, actor_name="known")
        broker.enqueue_many([message("unknown"), message("known")])
        work()
        assert done.wait(PATIENCE)
        until(broker.dead)
        (dead,) = broker.dead()
        assert dead.actor == "unknown"
        assert "ActorNotFound" in dead.error

    @pytest.mark.parametrize("body", GARBAGE.values(), ids=GARBAGE)
    def test_garbage_is_a_dead_letter_and_stops_nobody(self, broker, work, body):
        done = threading.Event()
        good = dramatiq.actor(done.set, broker=broker, actor_name="good")
        self.put_garbage(broker, body)
        good.send()
        sent = time.monotonic()
        work()
        assert done.wait(PATIENCE)
        assert time.monotonic() - sent < 2
        until(broker.dead)
        (dead,) = broker.dead()
        assert (dead.queue, dead.actor, dead.message) == ("default", "", None)
        assert 50 < len(dead.error) < 250
        assert broker.retry_dead(dead.id)
        broker.join("default", timeout=5000)
        assert [again.error for again in broker.dead()] == [dead.error]
        assert broker.purge_dead(dead.id) == 1

    def test_what_is_given_back_is_delivered_again(self, broker):
        broker.enqueue(message())
        consumer = broker.consume("default", timeout=5000)
        consumer.requeue([next(consumer)])
        delivery = next(consumer)
        assert delivery.options["starts"] == 1
        consumer.ack(delivery)
        assert broker.sizes() == {"default": QueueSizes()}

    def test_a_consumer_that_is_closed_gives_back_all_that_it_has(self, broker):
        broker.enqueue_many([message() for _ in range(4)])
        consumer = broker.consume("default", prefetch=3, timeout=5000)
        delivered = [next(consumer), next(consumer)]
        consumer.close()
        assert broker.sizes() == {"default": QueueSizes(ready=4)}
        other = broker.consume("default", prefetch=4, timeout=5000)
        again = [next(other) for _ in range(4)]
        assert [one.options["starts"] for one in again] == [1] * 4
        assert {one.message_id for one in again} >= {one.message_id for one in delivered}
        for delivery in delivered:
            consumer.ack(delivery)
        assert broker.sizes() == {"default": QueueSizes(running=4)}

    def test_many_that_are_done_are_acknowledged_together(self, broker):
        broker.enqueue_many([message() for _ in range(40)])
        consumer = broker.consume("default", prefetch=30, timeout=5000)
        delivered = [next(consumer) for _ in range(30)]
        acks = threading.Thread(target=consumer.ack_many, args=(delivered[:25],))
        acks.start()
        acks.join()
        assert broker.sizes()["default"].running <= 5 + 10
        rest = [next(consumer) for _ in range(10)]
        consumer.ack_many(delivered[25:] + rest)
        consumer.ack_many([])
        assert broker.sizes() == {"default": QueueSizes()}

    def test_what_another_broker_delivered_is_refused(self, broker):
        with pytest.raises(TypeError, match="not delivered by this broker"):
            broker.consume("default").ack(dramatiq.MessageProxy(message()))

    def test_a_retry_keeps_its_id_and_leaves_nothing_over(self, broker):
        sent = broker.enqueue(message("note", "word"))
        consumer = broker.consume("default", prefetch=1, timeout=5000)
        failed = next(consumer)
        began = time.monotonic()
        broker.enqueue(failed.copy(options={"retries": 1}), delay=1500)
        consumer.ack(failed)
        assert broker.sizes() == {"default": QueueSizes(delayed=1)}
        other = broker.enqueue(message())  # there is room for it
        delivery = next(consumer)
        assert delivery.message_id == other.message_id
        consumer.ack(delivery)
        again = next(filter(None, consumer))
        assert time.monotonic() - began >= 1.49
        assert (again.message_id, again.args) == (sent.message_id, ("word",))
        assert (again.options["retries"], again.options["starts"]) == (1, 1)
        consumer.ack(failed)
        assert broker.sizes() == {"default": QueueSizes(running=1)}
        consumer.ack(again)
        assert broker.sizes() == {"default": QueueSizes()}

    def test_a_worker_that_is_stopped_leaves_nothing_behind(self, broker):
        began, go = threading.Event(), threading.Event()

        @dramatiq.actor(broker=broker)
        def waits():
            began.set()
            go.wait(PATIENCE)

        worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=1)
        worker.start()
        for _ in range(6):
            waits.send()
        assert began.wait(PATIENCE)

        def go_once_it_takes_no_more():
            until(lambda: not any(thread.running for thread in worker.workers))
            go.set()

        going = threading.Thread(target=go_once_it_takes_no_more)
        going.start()
        worker.stop()
        going.join()
        sizes = broker.sizes()["default"]
        assert sizes.running == 0
        assert sizes.ready >= 4


class BrokerContract(OneProcessContract, ProcessesContract):
    """The promises of `servey_sched.brokers.base`."""
