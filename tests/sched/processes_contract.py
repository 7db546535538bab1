"""What brokers promise that several processes share, for `broker_contract` to put together."""

import os
import signal
import statistics
import time

import dramatiq
import pytest
from broker_nodes import LEASE, Nodes, Stores, kill, message
from waiting import until

from servey_sched.brokers.base import JobBroker, JobConsumer, QueueSizes


def take_and_die(nodes: Nodes, broker: JobBroker, starts: list[int], *further: str) -> None:
    """Let a process take jobs that were delivered so often, and be killed with them.

    The store has them back afterwards: until it knows of the death, what is enqueued next may be
    given to the dead one as well.
    """
    nodes.start(f"""
queues = ["default", *{further!r}]
for queue in queues[1:]:
    broker.declare_queue(queue)
consumers = [broker.consume(queue, prefetch=20, timeout=100) for queue in queues]
came = []
while len(came) < {len(starts)}:
    came += filter(None, map(next, consumers))
assert [one.options["starts"] for one in came] == {starts}, came
say("ready")
os.kill(os.getpid(), signal.SIGKILL)
""").wait()
    until(lambda: sum(size.ready for size in broker.sizes().values()) == len(starts))


def until_each_works(nodes: Nodes, broker: JobBroker, workers: set[int]) -> None:
    """Let each of some workers run a job: they say that they are ready before they take any."""

    def all_have() -> bool:
        broker.enqueue(message("note", "first"))
        return set(nodes.said("note", "first")) == workers

    until(all_have)


def deliveries(consumer: JobConsumer, count: int) -> dict[str, int]:
    """The ids of the jobs that come next, each with how often it has been delivered."""
    starts: dict[str, int] = {}

    def have_come() -> bool:
        if delivery := next(consumer):
            starts[delivery.message_id] = delivery.options["starts"]
        return len(starts) == count

    until(have_come)
    return starts


class ProcessesContract(Stores):
    """The promises of `servey_sched.brokers.base` over processes that die, stop and race."""

    def test_closing_gives_back_what_was_prefetched(self, make):
        first, second = make(), make()
        first.enqueue_many([message() for _ in range(4)])
        next(first.consume("default", prefetch=4, timeout=5000))
        assert second.sizes()["default"].running == 4
        first.close()
        assert second.sizes()["default"].ready == 4
        assert next(second.consume("default", timeout=5000)).options["starts"] == 1

    @pytest.mark.slow
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

    @pytest.mark.slow
    def test_a_killed_workers_job_runs_again_within_the_lease(self, nodes, broker):
        workers = {worker.pid: worker for worker in (nodes.start(), nodes.start())}
        broker.enqueue(message("hold", "job"))
        until(lambda: nodes.said("begin", "job"))
        kill(workers.pop(nodes.said("begin", "job")[0]))
        killed = time.monotonic()
        until(lambda: len(nodes.said("begin", "job")) == 2)
        assert time.monotonic() - killed < LEASE + 1.0
        nodes.let_end("job")
        until(lambda: nodes.said("end", "job") == list(workers))
        broker.join("default", timeout=5000)

    @pytest.mark.slow
    def test_jobs_that_a_killed_worker_had_are_delivered_together(self, nodes, broker):
        broker.enqueue_many([message() for _ in range(4)])
        take_and_die(nodes, broker, [1] * 4)
        fresh = broker.enqueue(message("fresh"))
        consumer = broker.consume("default", prefetch=8, timeout=100)
        came = deliveries(consumer, 5)
        assert came.pop(fresh.message_id) == 1
        assert [*came.values()] == [2] * 4
        assert broker.sizes() == {"default": QueueSizes(running=5)}

    @pytest.mark.slow
    def test_half_of_what_a_consumer_has_may_be_such_jobs(self, nodes, broker):
        broker.enqueue_many([message() for _ in range(4)])
        take_and_die(nodes, broker, [1] * 4)
        fresh = [broker.enqueue(message("fresh")) for _ in range(2)]
        consumer = broker.consume("default", prefetch=4, timeout=100)
        came = deliveries(consumer, 4)
        assert [came.pop(one.message_id) for one in fresh] == [1, 1]
        assert [*came.values()] == [2, 2]
        assert next(consumer) is None
        assert broker.sizes() == {"default": QueueSizes(ready=2, running=4)}

    @pytest.mark.slow
    def test_jobs_that_start_for_the_last_time_are_delivered_one_at_a_time(self, nodes, broker):
        broker.enqueue_many([message() for _ in range(4)])
        take_and_die(nodes, broker, [1] * 4)
        take_and_die(nodes, broker, [2] * 4)
        fresh = broker.enqueue(message("fresh"))
        consumer = broker.consume("default", prefetch=8, timeout=1000)
        came = {}
        while len(came) < 2:
            if delivery := next(consumer):
                came[delivery.options["starts"]] = delivery
        assert came[1].message_id == fresh.message_id
        assert next(consumer) is None
        assert broker.sizes() == {"default": QueueSizes(ready=3, running=2)}
        consumer.ack(came[3])
        assert next(filter(None, consumer)).options["starts"] == 3
        assert next(consumer) is None
        broker.flush("default")
        assert broker.sizes() == {"default": QueueSizes(running=2)}

    @pytest.mark.slow
    def test_a_process_has_one_such_job_at_a_time_over_all_its_queues(self, nodes, broker):
        broker.declare_queue("other")
        for queue in ("default", "other"):
            broker.enqueue_many([dramatiq.Message(queue, "note", (), {}, {}) for _ in range(2)])
        take_and_die(nodes, broker, [1] * 4, "other")
        take_and_die(nodes, broker, [2] * 4, "other")
        consumers = [broker.consume(one, prefetch=8, timeout=200) for one in ("default", "other")]
        queues = []
        while len(queues) < 4:
            came = [(one, found) for one in consumers for _ in range(2) if (found := next(one))]
            assert len(came) <= 1
            for consumer, delivery in came:
                assert delivery.options["starts"] == 3
                queues.append(delivery.queue_name)
                consumer.ack(delivery)
        assert sorted(queues) == ["default", "default", "other", "other"]

    @pytest.mark.slow
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
        lost = set(accepted)

        def are_all_there():
            if delivery := next(consumer):
                lost.discard(delivery.args[0])
            return not lost

        until(are_all_there)

    def test_workers_that_race_run_each_job_once(self, nodes, broker):
        workers = {nodes.start().pid, nodes.start().pid}
        until_each_works(nodes, broker, workers)
        numbers = list(range(300))
        broker.enqueue_many([message("hold", number, "all") for number in numbers])
        until(lambda: {pid for pid, what, _ in nodes.log() if what == "begin"} == workers)
        nodes.let_end("all")
        broker.join("default", timeout=15_000)
        assert sorted(word for _, what, word in nodes.log() if what == "begin") == numbers

    @pytest.mark.slow
    def test_a_worker_that_was_stopped_past_its_lease_disturbs_nobody(self, nodes, broker):
        first = nodes.start()
        broker.enqueue(message("hold", "job"))
        until(lambda: nodes.said("begin", "job"))
        nodes.stop(first)
        second = nodes.start()
        until(lambda: nodes.said("begin", "job") == [first.pid, second.pid])
        os.kill(first.pid, signal.SIGCONT)
        nodes.let_end("job")
        until(lambda: first.pid in nodes.said("end", "job"))
        until(lambda: second.pid in nodes.said("end", "job"))
        broker.join("default", timeout=5000)
        assert broker.dead() == []
        broker.enqueue_many([message("note", number) for number in range(10)])
        broker.join("default", timeout=5000)
        assert len(nodes.log()) == 4 + 10

    @pytest.mark.slow
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
        nodes.stop(late)
        for consumer in [broker.consume("default", timeout=100) for _ in range(3)]:
            until(lambda consumer=consumer: next(consumer))
        os.kill(late.pid, signal.SIGCONT)
        late.stdin.write("\n")
        late.stdin.flush()
        assert late.stdout.readline() == "said\n"
        assert broker.sizes() == {"default": QueueSizes(running=3)}
