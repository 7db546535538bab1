"""What brokers promise that can look for one job: by its id, it is there once."""

from datetime import UTC, datetime, timedelta

import pytest
from broker_nodes import Stores, kill, message
from waiting import until

from servey_sched.brokers.base import QueueSizes


class InspectionContract(Stores):
    """`find`, `jobs`, and what becomes of a job when its id is enqueued again."""

    def test_a_job_is_found_wherever_it_is(self, broker):
        assert broker.find("nobody") is None
        sent = broker.enqueue(message("note", 7, priority=3))
        found = broker.find(sent.message_id)
        assert (found.id, found.queue, found.actor) == (sent.message_id, "default", "note")
        assert (found.state, found.priority, found.starts) == ("ready", 3, 0)
        assert (found.message.args, found.due) == ((7,), None)
        consumer = broker.consume("default", timeout=5000)
        delivery = next(consumer)
        running = broker.find(sent.message_id)
        assert (running.state, running.starts, running.due) == ("running", 1, None)
        consumer.nack(delivery)
        dead = broker.find(sent.message_id)
        assert (dead.state, dead.priority, dead.starts) == ("dead", 3, 1)
        broker.purge_dead()
        assert broker.find(sent.message_id) is None

    def test_a_delayed_job_tells_when_it_is_due_and_then_is_ready(self, broker):
        began = datetime.now(UTC)
        later = broker.enqueue(message(), delay=60_000)
        found = broker.find(later.message_id)
        assert found.state == "delayed"
        in_a_minute = found.due - timedelta(minutes=1)
        assert began - timedelta(milliseconds=2) <= in_a_minute <= datetime.now(UTC)  # rounded
        assert broker.cancel(later.message_id)
        sent = broker.enqueue(message(), delay=200)
        until(lambda: broker.find(sent.message_id).state == "ready")  # though nobody consumes
        assert broker.sizes() == {"default": QueueSizes(ready=1)}
        assert broker.find(sent.message_id).due is None
        assert [one.id for one in broker.jobs(state="ready")] == [sent.message_id]

    def test_a_job_that_cannot_be_read_is_found(self, broker):
        self.put_garbage(broker, b"not json")
        (garbage,) = broker.jobs(state="ready")
        assert (garbage.actor, garbage.message) == ("", None)
        assert broker.find(garbage.id) == garbage

    def test_jobs_that_are_ready_are_listed_as_they_will_start(self, broker):
        for word, priority in (("c", 5), ("d", 5), ("a", -10), ("b", 0)):
            broker.enqueue(message(word, priority=priority))
        assert [job.actor for job in broker.jobs(state="ready")] == list("abcd")
        assert [job.actor for job in broker.jobs(state="ready", limit=2)] == list("ab")
        consumer = broker.consume("default", prefetch=1, timeout=5000)
        first = next(consumer)
        assert [job.actor for job in broker.jobs(state="running")] == ["a"]
        consumer.requeue([first])
        assert [job.actor for job in broker.jobs(state="ready")] == list("abcd")
        assert broker.jobs(state="running") == []

    def test_jobs_that_are_delayed_are_listed_as_they_will_be_due(self, broker):
        broker.declare_queue("other")
        for word, delay, queue in (
            ("c", 70_000, "default"),
            ("a", 50_000, "other"),
            ("b", 60_000, "default"),
        ):
            broker.enqueue(message(word).copy(queue_name=queue), delay=delay)
        assert [job.actor for job in broker.jobs(state="delayed")] == list("abc")
        assert [job.actor for job in broker.jobs(state="delayed", queue="default")] == list("bc")
        assert [job.actor for job in broker.jobs(state="delayed", limit=1)] == ["a"]
        assert broker.jobs(state="delayed", queue="nowhere") == []
        assert broker.jobs(state="ready") == []

    def test_dead_letters_are_listed_elsewhere(self, broker):
        with pytest.raises(ValueError, match=r"dead\(\)"):
            broker.jobs(state="dead")

    def test_a_message_that_is_enqueued_again_before_it_starts_is_one_job(self, broker):
        sent = message()
        for delay in (None, 60_000, None, None):
            broker.enqueue(sent, delay=delay)
        assert broker.sizes() == {"default": QueueSizes(ready=1)}
        broker.enqueue_many([sent, sent], delay=60_000)
        assert broker.sizes() == {"default": QueueSizes(delayed=1)}

    def test_a_retry_takes_the_place_of_the_try_that_failed(self, broker):
        broker.enqueue(message())
        consumer = broker.consume("default", prefetch=2, timeout=1000)
        failed = next(consumer)
        broker.enqueue(failed)  # as Dramatiq's `Retries` does, before it is acknowledged
        assert broker.sizes() == {"default": QueueSizes(ready=1)}
        again = next(consumer)
        assert again.options["starts"] == 1
        consumer.ack(failed)
        other = broker.enqueue(message())
        assert next(consumer).message_id == other.message_id
        assert broker.sizes() == {"default": QueueSizes(running=2)}

    def test_a_message_takes_the_place_of_its_dead_letter(self, broker):
        sent = broker.enqueue(message())
        consumer = broker.consume("default", timeout=5000)
        consumer.nack(next(consumer))
        broker.enqueue(sent)
        assert broker.dead() == []
        assert broker.sizes() == {"default": QueueSizes(ready=1)}
        assert broker.find(sent.message_id).state == "ready"


class InspectionProcessesContract(Stores):
    """`jobs` over processes that die."""

    def test_what_a_killed_worker_had_is_listed_first(self, nodes, broker):
        had = broker.enqueue(message("nap", "job", 60))
        node = nodes.start()
        until(lambda: nodes.said("begin", "job"))
        kill(node)
        fresh = broker.enqueue(message(priority=-5))
        until(lambda: len(broker.jobs(state="ready")) == 2)
        ready = broker.jobs(state="ready")
        assert [(job.id, job.starts) for job in ready] == [
            (had.message_id, 1),
            (fresh.message_id, 0),
        ]
        assert next(broker.consume("default", prefetch=2)).message_id == had.message_id
