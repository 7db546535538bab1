"""What every broker promises: a class of tests, for the brokers' own modules to subclass.

A subclass has a fixture `recipe`: Python that binds `broker` to a new broker, with `lease` seconds,
on a store that the test has for itself and that all brokers made by the recipe share. It runs in
this process and in others.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from dramatiq.errors import QueueJoinTimeout, QueueNotFound

from servey_sched.brokers.base import JobBroker, QueueSizes

PATIENCE = 20.0
"""After how many seconds a test gives up; nothing waits as long where all is well."""

LEASE = 1.0
"""The lease of the tests, in seconds."""


def message(actor: str = "note", *args: object, **options: Any) -> dramatiq.Message[Any]:
    """A message for an actor of the nodes."""
    return dramatiq.Message("default", actor, args, {}, options)


def changed(**members):
    """A message that somebody has changed on its way."""
    return json.dumps(message("note").asdict() | members).encode()


GARBAGE = {
    "nothing": b"",
    "no text": b"\xff\xfe\x00",
    "no JSON": b"not json",
    "too deep": b"[" * 100_000,
    "no object": b"[]",
    "an older schema": b'{"an": "older schema"}',
    "another queue": changed(queue_name="another"),
    "no options": changed(options=None),
    "arguments without names": changed(kwargs=[]),
    "no actor": changed(actor_name=["note"]),
}

PROGRAM = """
import json, os, signal, sys, threading, time
import dramatiq

lease = float(sys.argv[1])
{recipe}
dramatiq.set_broker(broker)

def write(*words):
    descriptor = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (json.dumps([os.getpid(), *words]) + chr(10)).encode())
    os.close(descriptor)

@dramatiq.actor(max_retries=0)
def note(word):
    write("note", word)

@dramatiq.actor(max_retries=0)
def nap(word, seconds):
    write("begin", word)
    time.sleep(seconds)
    write("end", word)

def say(word):
    print(word, flush=True)

{main}
"""

WORKER = """
worker = dramatiq.Worker(broker, worker_timeout=1000, worker_threads=2)
worker.start()
say("ready")
sys.stdin.read()
worker.stop()
broker.close()
"""


class Nodes:
    """Processes with a broker each, and the log that their jobs write."""

    def __init__(self, recipe: str, folder: Path) -> None:
        self._recipe = recipe
        self._log = folder / "jobs.log"
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, main: str = WORKER, *, ready: bool = True) -> "subprocess.Popen[str]":
        """Start a process, and wait until it says that it is ready."""
        program = PROGRAM.format(recipe=self._recipe, log=str(self._log), main=main)
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(LEASE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        if ready:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        return process

    def log(self) -> list[list[Any]]:
        """What jobs have written so far: the process's id, and words."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [json.loads(line) for line in lines]

    def said(self, *words: object) -> list[int]:
        """The processes that wrote these words."""
        return [pid for pid, *rest in self.log() if rest == list(words)]

    def close(self) -> None:
        """End all of them."""
        for process in self._processes:
            process.kill()
            process.communicate()


def until(condition: Callable[[], object]) -> None:
    """Wait for what another process, or the clock, brings about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it does not come about"
        time.sleep(0.005)


def kill(process: "subprocess.Popen[str]") -> None:
    """`kill -9`."""
    process.send_signal(signal.SIGKILL)
    process.wait()


class BrokerContract:
    """The promises of `servey_sched.brokers.base`."""

    @pytest.fixture
    def recipe(self) -> str:
        raise NotImplementedError

    def put_garbage(self, broker: JobBroker, body: bytes) -> None:
        """Put bytes where the queue `default` has its messages."""
        raise NotImplementedError

    @pytest.fixture
    def make(self, recipe: str) -> Iterator[Callable[[], JobBroker]]:
        """Makes brokers on one store, with the queue `default`."""
        made: list[JobBroker] = []

        def make() -> JobBroker:
            names: dict[str, Any] = {"lease": LEASE}
            exec(recipe, names)
            broker = names["broker"]
            broker.declare_queue("default")
            made.append(broker)
            return broker

        yield make
        for broker in made:
            broker.close()

    @pytest.fixture
    def broker(self, make):
        return make()

    @pytest.fixture
    def work(self, broker) -> Iterator[Callable[[], dramatiq.Worker]]:
        """Starts a worker on `broker`."""
        workers: list[dramatiq.Worker] = []

        def work() -> dramatiq.Worker:
            worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=4)
            worker.start()
            workers.append(worker)
            return worker

        yield work
        for worker in workers:
            worker.stop()

    @pytest.fixture
    def nodes(self, recipe: str, tmp_path: Path) -> Iterator[Nodes]:
        nodes = Nodes(recipe, tmp_path)
        yield nodes
        nodes.close()

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
        work()
        sent = time.time()
        actor.send_with_options(delay=300)
        assert broker.sizes() == {"default": QueueSizes(delayed=1)}
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
        taken = [next(consumer) for _ in range(5)]
        assert taken[4] is None
        assert broker.sizes() == {"default": QueueSizes(ready=6, running=4)}
        for delivery in taken[:4]:
            consumer.ack(delivery)
        assert next(consumer) is not None

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
        assert dead.error
        assert broker.retry_dead(dead.id)
        broker.join("default", timeout=5000)
        assert [again.error for again in broker.dead()] == [dead.error]
        assert broker.purge_dead(dead.id) == 1

    def test_a_tick_is_claimed_once_by_however_many(self, make):
        brokers = [make() for _ in range(4)]
        ticks = [f"2030-01-01T00:00:{second:02}Z" for second in range(10)]

        def claim(number: int) -> int:
            return sum(
                brokers[number % 4].claim("nightly", tick, message("note", tick), keep_seconds=60)
                for tick in ticks
            )

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(claim, range(8))) == len(ticks)
        assert brokers[0].claim("hourly", ticks[0], message(), keep_seconds=60)
        assert brokers[0].sizes() == {"default": QueueSizes(ready=len(ticks) + 1)}

    def test_a_tick_is_not_claimed_where_its_message_cannot_be_enqueued(self, broker):
        with pytest.raises(QueueNotFound):
            broker.claim("s", "t", dramatiq.Message("other", "a", (), {}, {}), keep_seconds=60)
        with pytest.raises(TypeError):
            broker.claim("s", "t", message("note", object()), keep_seconds=60)
        assert broker.claim("s", "t", message(), keep_seconds=60)

    def test_a_claim_is_forgotten_after_its_time(self, broker):
        assert broker.claim("s", "t", message(), keep_seconds=1)
        assert not broker.claim("s", "t", message(), keep_seconds=1)
        until(lambda: broker.claim("s", "t", message(), keep_seconds=1))

    def test_closing_gives_back_what_was_prefetched(self, make):
        first, second = make(), make()
        first.enqueue_many([message() for _ in range(4)])
        next(first.consume("default", prefetch=4, timeout=5000))
        assert second.sizes()["default"].running == 4
        first.close()
        assert second.sizes()["default"].ready == 4
        assert next(second.consume("default", timeout=5000)).options["starts"] == 1

    def test_what_is_given_back_is_delivered_again(self, broker):
        broker.enqueue(message())
        consumer = broker.consume("default", timeout=5000)
        consumer.requeue([next(consumer)])
        delivery = next(consumer)
        assert delivery.options["starts"] == 1
        consumer.ack(delivery)
        assert broker.sizes() == {"default": QueueSizes()}

    def test_a_worker_that_is_stopped_leaves_nothing_behind(self, broker, make):
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
        threading.Timer(0.1, go.set).start()
        worker.stop()
        sizes = make().sizes()["default"]
        assert sizes.running == 0
        assert sizes.ready >= 4

    def test_a_job_that_takes_longer_than_the_lease_runs_once(self, nodes, broker):
        nodes.start()
        nodes.start()
        broker.enqueue(message("nap", "long", LEASE * 2.5))
        until(lambda: nodes.said("end", "long"))
        broker.join("default", timeout=5000)
        assert len(nodes.said("begin", "long")) == 1

    def test_an_idle_worker_of_another_process_wakes_at_once(self, nodes, broker):
        nodes.start()
        waits = []
        for number in range(15):
            sent = time.monotonic()
            broker.enqueue(message("note", number))
            until(lambda number=number: nodes.said("note", number))
            waits.append(time.monotonic() - sent)
            broker.join("default", timeout=5000)
        assert statistics.median(waits) < 0.15

    def test_a_killed_workers_job_runs_again_within_the_lease(self, nodes, broker):
        first = nodes.start()
        broker.enqueue(message("nap", "job", 1.0))
        until(lambda: nodes.said("begin", "job"))
        second = nodes.start()
        kill(first)
        killed = time.monotonic()
        until(lambda: len(nodes.said("begin", "job")) == 2)
        assert time.monotonic() - killed < LEASE + 1.0
        until(lambda: nodes.said("end", "job") == [second.pid])
        broker.join("default", timeout=5000)

    def test_killing_workers_over_and_over_loses_nothing(self, nodes, broker):
        numbers = list(range(400))
        broker.enqueue_many([message("nap", number, 0.002) for number in numbers])
        for kills in range(1, 4):
            worker = nodes.start()
            until(lambda done=kills * 40: len({word for *_, word in nodes.log()}) >= done)
            kill(worker)
        nodes.start()
        broker.join("default", timeout=15_000)
        assert {word for _, what, word in nodes.log() if what == "end"} == set(numbers)
        assert broker.dead() == []

    def test_what_a_killed_producer_enqueued_is_there(self, nodes, broker):
        producer = nodes.start(
            """
say("ready")
def produce(name):
    for number in range(1_000_000):
        note.send(f"{name}-{number}")
        os.write(1, f"{name}-{number}\\n".encode())
threads = [threading.Thread(target=produce, args=(name,)) for name in "abcd"]
for thread in threads:
    thread.start()
"""
        )
        accepted = [producer.stdout.readline().strip() for _ in range(60)]
        kill(producer)
        accepted += producer.stdout.read().split()
        consumer = broker.consume("default", prefetch=100_000, timeout=100)
        there = {delivery.args[0] for delivery in iter(lambda: next(consumer), None)}
        assert set(accepted) - there == set()

    def test_workers_that_race_run_each_job_once(self, nodes, broker):
        workers = [nodes.start(), nodes.start()]
        numbers = list(range(300))
        broker.enqueue_many([message("nap", number, 0.005) for number in numbers])
        broker.join("default", timeout=15_000)
        began = [(pid, word) for pid, what, word in nodes.log() if what == "begin"]
        assert sorted(word for _, word in began) == numbers
        assert {pid for pid, _ in began} == {worker.pid for worker in workers}

    def test_a_worker_that_was_stopped_past_its_lease_disturbs_nobody(self, nodes, broker):
        first = nodes.start()
        broker.enqueue(message("nap", "job", LEASE))
        until(lambda: nodes.said("begin", "job"))
        os.kill(first.pid, signal.SIGSTOP)
        second = nodes.start()
        until(lambda: nodes.said("begin", "job") == [first.pid, second.pid])
        os.kill(first.pid, signal.SIGCONT)
        until(lambda: first.pid in nodes.said("end", "job"))
        until(lambda: second.pid in nodes.said("end", "job"))
        broker.join("default", timeout=5000)
        assert broker.dead() == []
        broker.enqueue_many([message("note", number) for number in range(10)])
        broker.join("default", timeout=5000)
        assert len(nodes.log()) == 4 + 10

    def test_what_a_consumer_says_after_its_lease_changes_nothing(self, nodes, broker):
        broker.enqueue_many([message("note", word) for word in ("acked", "nacked", "given back")])
        late = nodes.start(
            """
consumer = broker.consume("default", prefetch=3, timeout=5000)
acked, nacked, given_back = [next(consumer) for _ in range(3)]
say("ready")
sys.stdin.readline()
consumer.ack(acked)
consumer.nack(nacked)
consumer.requeue([given_back])
say("said")
sys.stdin.read()
"""
        )
        os.kill(late.pid, signal.SIGSTOP)
        for consumer in [broker.consume("default", timeout=100) for _ in range(3)]:
            until(lambda consumer=consumer: next(consumer))
        os.kill(late.pid, signal.SIGCONT)
        late.stdin.write("\n")
        late.stdin.flush()
        assert late.stdout.readline() == "said\n"
        assert broker.sizes() == {"default": QueueSizes(running=3)}
