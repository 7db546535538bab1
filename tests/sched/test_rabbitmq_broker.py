"""The RabbitMQ broker keeps what every broker promises, on a real RabbitMQ.

What AMQP cannot tell is not asked for: what other processes hold, and one job among many.
"""

import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from uuid import uuid4

import dramatiq
import pika
import pytest
from broker_contract import BrokerContract
from broker_nodes import LEASE, message
from dramatiq.errors import ConnectionClosed
from processes_contract import until_each_works
from rabbitmq_servers import usual_url
from waiting import PATIENCE, until

from servey_core import SettingsError
from servey_sched.brokers.base import QueueSizes, Unsupported
from servey_sched.brokers.rabbitmq import RabbitmqBroker
from servey_sched.brokers.rabbitmq_layout import Layout, level_of


@pytest.fixture(scope="module")
def url():
    return usual_url()


@pytest.fixture
def channel(url):
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        yield connection.channel()


@pytest.fixture
def prefix(url):
    """Queues that the test has for itself."""
    prefix = f"test.{uuid4().hex[:8]}."
    yield prefix
    layout = Layout(prefix)
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        for queue in ("default", "other"):
            kinds = (layout.ready, layout.again, layout.alone, layout.due, layout.dead)
            for place in (*(kind(queue) for kind in kinds), *layout.waits(queue)):
                channel.queue_delete(place.name)


class TestRabbitmq(BrokerContract):
    @pytest.fixture
    def recipe(self, url, prefix):
        return f"""
from servey_sched.brokers.rabbitmq import RabbitmqBroker
broker = RabbitmqBroker({url!r}, prefix={prefix!r}, lease=lease)
"""

    @pytest.fixture
    def broker(self, make):
        broker = make()
        broker.sizes()  # makes the queues, which takes longer than some delays of tests
        return broker

    def put_garbage(self, broker, body):
        place = broker._server.layout.ready("default")
        url = broker._server._url.get_secret_value()
        with pika.BlockingConnection(pika.URLParameters(url)) as connection:
            connection.channel().basic_publish("", place.name, body)

    def consumer(self, broker, **options):
        return broker.consume("default", **({"timeout": 5000} | options))

    def test_closing_gives_back_what_was_prefetched(self, make):
        first, second = make(), make()
        first.enqueue_many([message() for _ in range(4)])
        next(self.consumer(first, prefetch=4))
        assert first.sizes()["default"].running == 4
        first.close()
        assert second.sizes()["default"].ready == 4
        assert next(self.consumer(second)).options["starts"] == 1

    def test_dead_letters_are_listed_and_purged(self, broker):
        broker.declare_queue("other")
        ids = []
        for queue in ("default", "other", "default"):
            sent = broker.enqueue(dramatiq.Message(queue, "a", (), {}, {}))
            ids.append(sent.message_id)
            consumer = broker.consume(queue, timeout=5000)
            consumer.nack(next(consumer))
            consumer.close()  # it would have the next one, too
        assert [dead.id for dead in broker.dead()] == ids[::-1]
        assert [dead.id for dead in broker.dead(queue="default")] == [ids[2], ids[0]]
        assert [dead.id for dead in broker.dead(limit=1)] == [ids[2]]
        assert broker.dead(limit=1)[0].error == ""
        assert broker.purge_dead("nobody") == 0
        assert broker.purge_dead(ids[0]) == 1
        assert broker.purge_dead() == 2
        assert broker.dead() == []

    def test_only_what_no_consumer_has_is_cancelled(self, broker):
        sent = broker.enqueue(message())
        assert not broker.cancel(sent.message_id)
        assert broker.sizes() == {"default": QueueSizes(ready=1)}

    def test_what_amqp_does_not_do_says_so(self, broker):
        with pytest.raises(Unsupported, match="look for the job an-id"):
            broker.find("an-id")
        with pytest.raises(Unsupported, match="list the jobs that are ready"):
            broker.jobs(state="ready")

    @pytest.mark.slow
    def test_killing_workers_over_and_over_loses_nothing(self, nodes, broker):
        numbers = set(range(400))
        broker.enqueue_many([message("nap", number, 0.002) for number in numbers])
        for kills in range(1, 4):
            worker = nodes.start()
            until(lambda done=kills * 40: len({word for *_, word in nodes.log()}) >= done)
            worker.kill()
        nodes.start()
        until(lambda: {word for _, what, word in nodes.log() if what == "end"} == numbers)
        assert broker.dead() == []

    def test_workers_that_race_run_each_job_once(self, nodes, broker):
        workers = {nodes.start().pid, nodes.start().pid}
        until_each_works(nodes, broker, workers)
        numbers = list(range(300))
        broker.enqueue_many([message("hold", number, "all") for number in numbers])
        until(lambda: {pid for pid, what, _ in nodes.log() if what == "begin"} == workers)
        nodes.let_end("all")
        until(lambda: len([what for _, what, _ in nodes.log() if what == "end"]) == len(numbers))
        assert sorted(word for _, what, word in nodes.log() if what == "begin") == numbers

    @pytest.mark.slow
    def test_a_worker_that_was_stopped_past_its_lease_disturbs_nobody(self, nodes, broker):
        first = nodes.start()
        broker.enqueue(message("hold", "job"))
        until(lambda: nodes.said("begin", "job"))
        second = nodes.start()
        nodes.stop(first)
        stopped = time.monotonic()
        until(lambda: nodes.said("begin", "job") == [first.pid, second.pid])
        assert time.monotonic() - stopped < max(3, LEASE) + 2
        os.kill(first.pid, signal.SIGCONT)
        nodes.let_end("job")
        until(lambda: first.pid in nodes.said("end", "job"))
        until(lambda: second.pid in nodes.said("end", "job"))
        broker.enqueue_many([message("note", number) for number in range(10)])
        until(lambda: len(nodes.log()) == 4 + 10)
        assert broker.dead() == []
        assert broker.sizes() == {"default": QueueSizes()}

    @pytest.mark.slow
    def test_a_job_that_kills_its_workers_is_known_by_its_starts(self, nodes, broker):
        innocent = [broker.enqueue(message("innocent")).message_id for _ in range(2)]
        broker.enqueue(message("poison", priority=-1))
        for starts in (1, 2, 3):
            killed = nodes.start(
                """
consumer = broker.consume("default", prefetch=3, timeout=5000)
for delivery in consumer:
    if delivery.actor_name == "poison":
        os.write(1, f"ready\\n{delivery.options['starts']}\\n".encode())
        os.kill(os.getpid(), signal.SIGKILL)
    consumer.requeue([delivery])
"""
            )
            assert killed.stdout.readline() == f"{starts}\n"
            killed.wait()
        consumer = self.consumer(broker, prefetch=3)
        starts = {}
        while len(starts) < 3:
            delivery = next(consumer)
            starts[delivery.message_id] = delivery.options["starts"]
            consumer.ack(delivery)
        assert all(starts.pop(one) <= 3 for one in innocent)
        assert list(starts.values()) == [4]

    def test_what_is_on_its_way_to_a_consumer_that_leaves_has_not_started(self, make):
        broker, sender, sent = make(), make(), []
        left = threading.Event()

        def send():
            while not left.wait(0.001):
                some = [message() for _ in range(10)]
                sender.enqueue_many(some)
                sent.extend(some)

        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(send)
            for _ in range(10):
                leaving = self.consumer(broker, prefetch=10_000)
                next(leaving)
                leaving.close()
            left.set()
            sending.result(PATIENCE)
        consumer = self.consumer(broker, prefetch=10_000)
        starts = set()
        for _ in sent:
            delivery = next(consumer)
            starts.add(delivery.options["starts"])
            consumer.ack(delivery)
        assert starts == {1}

    def test_delayed_jobs_come_when_they_are_due_whatever_their_order(self, broker):
        delays = [*range(0, 2600, 50), 1000, 2000]
        random.Random(1).shuffle(delays)
        for delay in delays:
            due = time.time() + delay / 1000
            broker.enqueue(message("note", due), delay=delay)
        consumer = self.consumer(broker, prefetch=100)
        late = []
        for delivery in consumer:
            late.append(time.time() - delivery.args[0])
            consumer.ack(delivery)
            if len(late) == len(delays):
                break
        assert min(late) >= 0
        assert statistics.median(late) < 0.3
        assert broker.sizes() == {"default": QueueSizes()}

    def test_delayed_jobs_wait_without_a_consumer_and_keep_their_priority(self, broker):
        for priority in (5, -5):
            broker.enqueue(message("note", priority, priority=priority), delay=1100)
        assert broker.sizes() == {"default": QueueSizes(delayed=2)}
        time.sleep(1.3)
        first = self.consumer(broker, prefetch=1)
        delivery = next(first)  # whichever it is, the other is put in order behind what is ready
        first.close()
        until(lambda: broker.sizes() == {"default": QueueSizes(ready=2)})
        assert next(self.consumer(broker, prefetch=1)).args == (-5,)
        assert delivery.options["starts"] == 1

    def test_a_job_that_is_nearly_due_survives_its_consumer(self, nodes, broker):
        node = nodes.start("""
subscription = broker.consume("default")._subscription
say("ready")
while not subscription.held()[1]:
    time.sleep(0.001)
os.kill(os.getpid(), signal.SIGKILL)
""")
        began = time.monotonic()
        broker.enqueue(message("note", "word"), delay=900)
        node.wait()
        delivery = next(self.consumer(broker))
        assert time.monotonic() - began >= 0.89
        assert delivery.options["starts"] == 1

    def test_many_may_look_at_dead_letters_at_once(self, make):
        brokers = [make(), make()]
        consumer = self.consumer(brokers[0], prefetch=50)  # first, as it makes the queue
        brokers[0].enqueue_many([message("note", number) for number in range(50)])
        for _ in range(50):
            consumer.nack(next(consumer))
        with ThreadPoolExecutor(6) as pool:
            looks = list(pool.map(lambda number: brokers[number % 2].dead(), range(12)))
        assert [[job.message.args[0] for job in look] for look in looks] == [
            list(range(50))[::-1]
        ] * 12
        assert brokers[0].retry_dead(looks[0][20].id)
        assert brokers[1].purge_dead(looks[0][30].id) == 1
        kept = [job.id for job in looks[0] if job.id not in {looks[0][20].id, looks[0][30].id}]
        assert [job.id for job in brokers[1].dead()] == kept
        assert next(consumer).message_id == looks[0][20].id

    @pytest.mark.slow
    def test_so_many_dead_letters_that_they_travel_for_long_are_read_all_the_same(
        self, broker, url, prefix, channel
    ):
        place = broker._server.layout.dead("default")
        for number in range(40_000):
            channel.basic_publish("", place.name, message("note", number).encode())
        until(lambda: broker.sizes()["default"].dead == 40_000)
        with closing(RabbitmqBroker(url, prefix=prefix, patience=2)) as impatient:
            impatient.declare_queue("default")
            [last] = impatient.dead(limit=1)
            assert impatient.purge_dead(last.id) == 1
            oldest = {job.id for job in impatient.dead(limit=40_000)[-10_000:]}
            assert impatient.retry_many_dead(oldest) == oldest
            assert impatient.purge_dead() == 29_999

    def test_garbage_anywhere_stops_nobody(self, broker, channel, work):
        seen = []
        actor = dramatiq.actor(seen.append, broker=broker, actor_name="a")
        layout = broker._server.layout
        odd = (
            None,
            {"due": "soon", "starts": [1], "died_at": "yesterday"},
            {"due": -(2**63), "died_at": 2**63 - 1},
        )
        for place in (layout.again("default"), layout.due("default"), layout.dead("default")):
            for headers in odd:
                channel.basic_publish(
                    "", place.name, b"\xff", pika.BasicProperties(headers=headers)
                )
        actor.send(1)
        work()
        actor.send_with_options(args=[2], delay=50)
        broker.join("default", timeout=5000)
        assert seen == [1, 2]
        dead = broker.dead()
        assert [(job.message, job.actor) for job in dead] == [(None, "")] * 9
        assert broker.purge_dead() == 9

    def test_a_queue_that_is_deleted_is_made_again(self, broker, channel):
        consumer = self.consumer(broker)
        broker.enqueue(message())
        consumer.ack(next(consumer))
        assert broker.sizes() == {"default": QueueSizes()}
        channel.queue_delete(broker._server.layout.ready("default").name)
        broker.enqueue_many([message("note", number) for number in range(3)])
        for number in range(3):
            delivery = next(filter(None, consumer))
            assert delivery.args == (number,)
            consumer.ack(delivery)

    def test_the_first_jobs_of_a_new_queue_keep_their_order(self, make):
        broker, numbers = make(), list(range(2000))
        broker.enqueue_many([message("note", number) for number in numbers])
        consumer = self.consumer(broker, prefetch=2000)
        assert [next(consumer).args[0] for _ in numbers] == numbers

    def test_a_queue_that_is_another_is_refused(self, make, channel):
        broker = make()
        place = broker._server.layout.ready("default")
        channel.queue_declare(place.name, durable=True)
        for use in (broker.sizes, lambda: broker.enqueue(message())):
            with pytest.raises(ConnectionClosed, match="refuses: PRECONDITION_FAILED"):
                use()
        channel.queue_delete(place.name)
        broker.enqueue(message())

    def test_a_body_of_several_frames_is_whole(self, broker):
        text = "é" * 300_000
        broker.enqueue(message("note", text))
        assert next(self.consumer(broker)).args == (text,)

    def test_an_error_that_is_long_or_not_unicode_is_kept_as_far_as_can_be(self, broker):
        broker.enqueue_many([message(), message()])
        consumer = self.consumer(broker, prefetch=2)
        for error in ("x" * 200_000 + "the end", "half a character: \udcff"):
            delivery = next(consumer)
            delivery.options["traceback"] = error
            consumer.nack(delivery)
        errors = [dead.error for dead in broker.dead()]
        assert errors[0] == r"half a character: \udcff"
        assert errors[1].endswith("xthe end")

    def test_a_forked_child_uses_its_parents_broker_as_its_own(self, broker, nodes):
        nodes.start("""
broker.enqueue(note.message("before"))
consumer = broker.consume("default", prefetch=1, timeout=5000)
delivery = next(consumer)
child = os.fork()
for number in range(100):
    broker.enqueue(note.message(number))
if not child:
    broker.close()
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
consumer.ack(delivery)
assert next(consumer).args == (0,)
broker.close()
say("ready")
sys.stdin.read()
""")
        assert broker.sizes() == {"default": QueueSizes(ready=200)}

    def test_a_program_may_end_without_closing_its_broker(self, recipe):
        program = f"""
import logging
import dramatiq
logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of machines that are busy
lease = 1
{recipe}
broker.declare_queue("default")
broker.enqueue(dramatiq.Message("default", "note", (), {{}}, {{}}))
consumer = broker.consume("default", timeout=5000)
assert next(consumer)
"""
        ended = subprocess.run(
            [sys.executable, "-X", "dev", "-c", program],
            check=False,
            capture_output=True,
            text=True,
        )
        assert (ended.returncode, ended.stderr) == (0, "")


def test_priorities_are_told_apart_in_steps():
    levels = [level_of(priority) for priority in (-(2**63), -100, -10, -9, -1, 0, 1, 4, 5, 2**63)]
    assert levels == [14, 14, 11, 10, 8, 7, 6, 5, 4, 0]


@pytest.mark.parametrize(
    "url",
    ["", "localhost", "redis://:hush@h", "amqp://:hush@h:port", "amqp://h?nothing=1", "amqp://a@h"],
)
def test_a_url_that_names_no_rabbitmq_is_a_start_up_error(url):
    with pytest.raises(SettingsError, match="It may be such as `amqp://") as caught:
        RabbitmqBroker(url)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("credentials", "virtual_host"), [("somebody:hush", "%2F"), ("guest:guest", "nowhere")]
)
def test_a_refusal_to_let_in_is_told_at_once_and_shows_no_password(url, credentials, virtual_host):
    host = url.split("@")[1].split("/")[0]
    with closing(
        RabbitmqBroker(f"amqp://{credentials}@{host}/{virtual_host}", patience=20)
    ) as broker:
        broker.declare_queue("default")
        began = time.monotonic()
        for use in (lambda: broker.enqueue(message()), broker.sizes):
            with pytest.raises(ConnectionClosed, match="refuses: it lets nobody in") as caught:
                use()
            assert credentials.split(":")[1] not in str(caught.value)
    assert time.monotonic() - began < 15


def test_a_rabbitmq_that_is_not_there_is_an_error_in_time():
    with closing(RabbitmqBroker("amqp://127.0.0.1:1", patience=1)) as broker:
        broker.declare_queue("default")
        began = time.monotonic()
        for use in (lambda: broker.enqueue(message()), broker.sizes, broker.dead):
            with pytest.raises(ConnectionClosed, match=r"cannot be reached: .*refused"):
                use()
        assert next(broker.consume("default", timeout=10)) is None
        assert time.monotonic() - began < 10


def test_a_queue_whose_name_is_too_long_is_refused():
    with pytest.raises(ValueError, match="too long"):
        RabbitmqBroker("amqp://127.0.0.1:1").declare_queue("q" * 240)
