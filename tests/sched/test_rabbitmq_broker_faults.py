"""The RabbitMQ broker where RabbitMQ dies, stops, or loses connections: nothing is lost."""

import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from itertools import count
from uuid import uuid4

import dramatiq
import pytest
from broker_nodes import message
from dramatiq.errors import ConnectionClosed
from rabbitmq_servers import LONGEST_MESSAGE, OwnRabbitmq
from waiting import until

from servey_sched.brokers.base import QueueSizes
from servey_sched.brokers.rabbitmq import RabbitmqBroker

pytestmark = pytest.mark.slow

SENT = 3000
"""How many jobs are sent while RabbitMQ dies."""

DELAYED = 1000
"""How many jobs are due in the seconds around that."""

BATCH = 50
"""How many of these are due at the same time."""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    own = OwnRabbitmq(tmp_path_factory.mktemp("rabbitmq"))
    yield own
    own.kill()


@pytest.fixture
def prefix():
    """Queues that the test has for itself; they go with the server."""
    return f"test.{uuid4().hex[:8]}."


@contextmanager
def opened(url, prefix, **options):
    with closing(RabbitmqBroker(url, prefix=prefix, **options)) as broker:
        broker.declare_queue("default")
        yield broker


class Proxy:
    """Stands before a RabbitMQ, and can cut all connections, or swallow what RabbitMQ says."""

    def __init__(self, url):
        self._port = int(url.rsplit(":", 1)[1].split("/")[0])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"amqp://guest:guest@127.0.0.1:{self._listener.getsockname()[1]}/%2F"
        self._pairs = []
        self._mute = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def mute(self):
        """From now on, nothing comes from RabbitMQ by those connections that there are."""
        self._mute.update(server for _, server in self._pairs)

    def cut(self):
        pairs, self._pairs = self._pairs, []
        for one in [side for pair in pairs for side in pair]:
            with suppress(OSError):  # the other side may have closed it already
                one.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()
        self.cut()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            self._pairs.append((client, server))
            for pair in ((client, server), (server, client)):
                threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source, target):
        with suppress(OSError):
            while data := source.recv(1_000_000):
                if source not in self._mute:
                    target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()


@pytest.fixture
def proxy(server):
    with closing(Proxy(server.url)) as proxy:
        yield proxy


def test_a_cut_connection_is_mended_and_what_was_with_the_worker_comes_again(server, prefix, proxy):
    with opened(proxy.url, prefix) as broker:
        broker.enqueue_many([message() for _ in range(3)])
        consumer = broker.consume("default", prefetch=6, timeout=5000)
        acked, nacked, given_back = [next(consumer) for _ in range(3)]
        proxy.cut()
        fresh = broker.enqueue(message())
        came = {}

        def have_come():
            if delivery := next(consumer):
                came[delivery.message_id] = delivery
            return len(came) == 4

        until(have_come)
        starts = {one: delivery.options["starts"] for one, delivery in came.items()}
        old = (acked, nacked, given_back)
        assert starts == {fresh.message_id: 1, **{one.message_id: 2 for one in old}}
        consumer.ack(acked)
        consumer.nack(nacked)
        consumer.requeue([given_back])
        assert broker.sizes() == {"default": QueueSizes(running=4)}
        consumer.ack_many(came.values())
        assert broker.sizes() == {"default": QueueSizes()}


def test_a_job_that_is_too_large_is_refused_and_stops_nobody(server, prefix):
    with opened(server.url, prefix, patience=60) as broker:
        jobs = [message("note", number, "x" * 1000) for number in range(200)]
        jobs[100] = message("note", "x" * LONGEST_MESSAGE)
        refused, began = [], time.monotonic()

        def enqueue(job):
            try:
                broker.enqueue(job)
            except ConnectionClosed as error:
                refused.append(str(error))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(enqueue, jobs))
        assert [f"larger than configured max size {LONGEST_MESSAGE}" in one for one in refused] == [
            True
        ]
        assert broker.sizes()["default"].ready >= 199
        assert time.monotonic() - began < 20


def test_a_job_whose_confirmation_was_lost_is_sent_again(server, prefix, proxy):
    with opened(proxy.url, prefix) as broker:
        broker.enqueue(message())
        proxy.mute()
        threading.Timer(0.3, proxy.cut).start()
        broker.enqueue(message("note", "in doubt"))
        ready = broker.sizes()["default"].ready
    assert ready in {2, 3}  # once or twice, but there


def test_a_connection_that_says_nothing_any_more_is_given_up(server, prefix, proxy):
    with opened(proxy.url, prefix, lease=3, patience=30) as broker:
        consumer = broker.consume("default", timeout=100)
        broker.enqueue(message())
        consumer.ack(next(consumer))
        proxy.mute()
        began = time.monotonic()
        broker.enqueue(message("note", "after"))
        assert next(filter(None, consumer)).args == ("after",)
        assert time.monotonic() - began < 20


def test_a_rabbitmq_that_is_stopped_is_an_error_in_time(server, prefix):
    with opened(server.url, prefix, patience=60) as broker:
        broker.enqueue(message())
        consumer = broker.consume("default", timeout=50)
        delivery = next(filter(None, consumer))
        broker._server.patience = 1
        server.stop()
        began = time.monotonic()
        for use in (lambda: broker.enqueue(message()), broker.sizes, broker.dead):
            with pytest.raises(ConnectionClosed, match="does not answer"):
                use()
        consumer.nack(delivery)
        assert next(consumer) is None
        assert time.monotonic() - began < 8
        server.go_on()
        assert next(filter(None, consumer)).options["starts"] == 1  # what was sent has come
        until(lambda: sizes_if_there(broker) == {"default": QueueSizes(running=1, dead=1)})


def sizes_if_there(broker):
    with suppress(ConnectionClosed):
        return broker.sizes()


def test_nothing_accepted_is_lost_when_rabbitmq_is_killed(server, prefix):
    with opened(server.url, prefix, patience=60) as broker:
        done, accepted = set(), set()
        actor = dramatiq.actor(done.add, broker=broker, actor_name="a")
        broker.enqueue(message("dies"))
        dying = broker.consume("default", timeout=5000)
        dying.nack(next(dying))
        dying.close()
        delays = range(1000, 4000, 3000 * BATCH // DELAYED)
        for delay in delays:
            broker.enqueue_many(
                [actor.message(f"delayed {delay} {number}") for number in range(BATCH)], delay=delay
            )
        began = time.monotonic()
        worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=4)
        worker.start()
        crashed = threading.Event()

        def produce(name):
            for number in count():
                if crashed.is_set() and number >= SENT // 4:
                    return
                actor.send(f"{name}{number}")
                accepted.add(f"{name}{number}")

        producers = [threading.Thread(target=produce, args=(name,)) for name in "abcd"]
        for producer in producers:
            producer.start()
        until(lambda: len(accepted) > SENT / 20 and time.monotonic() > began + 1.5)
        server.kill()
        crashed.set()
        server.start()
        for producer in producers:
            producer.join()
        accepted |= {f"delayed {delay} {number}" for delay in delays for number in range(BATCH)}
        until(lambda: accepted <= done)  # no size has what RabbitMQ is about to hand on
        broker.join("default", timeout=60_000)
        worker.stop()
        assert len(accepted) >= SENT + DELAYED
        assert [job.actor for job in broker.dead()] == ["dies"]


def test_a_consumer_outlasts_an_outage_and_says_so(server, prefix, caplog):
    caplog.set_level(logging.WARNING)
    with opened(server.url, prefix, patience=0.5) as broker:
        consumer = broker.consume("default", timeout=50)
        server.kill()
        until(lambda: "No jobs of the queue default are delivered" in caplog.text)
        assert next(consumer) is None
        with pytest.raises(ConnectionClosed, match="cannot be reached"):
            broker.enqueue(message())
        with opened(server.url, prefix, patience=0.5) as other:
            late = other.consume("default", timeout=50)  # begins without a RabbitMQ
            assert next(late) is None
            server.start()
            until(lambda: "Jobs of the queue default are delivered again" in caplog.text)
            late.close()
        broker._server.patience = 60  # a RabbitMQ that has just started may be slow
        sent = broker.enqueue(message())
        assert next(filter(None, consumer)).message_id == sent.message_id
        assert len(caplog.records) < 8
