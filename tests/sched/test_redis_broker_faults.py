"""The Redis broker where Redis stops, dies, or loses connections: nothing accepted is lost."""

import socket
import threading
import time
from contextlib import closing, contextmanager, suppress

import dramatiq
import pytest
import redis
from broker_nodes import message
from claims_contract import tick
from dramatiq.errors import ConnectionClosed
from redis_servers import OwnRedis
from waiting import PATIENCE, until

from servey_core import Overlap
from servey_sched.brokers.base import QueueSizes
from servey_sched.brokers.redis import RedisBroker
from servey_sched.brokers.redis_scripts import FETCH
from servey_sched.brokers.ticks import Claim, Claimed

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    own = OwnRedis(folder)
    yield own
    own.kill()


@pytest.fixture
def broker(server):
    with closing(RedisBroker(server.url, patience=PATIENCE)) as broker:
        broker.declare_queue("default")
        yield broker


@contextmanager
def impatient(server, **options):
    """A broker that gives up soon."""
    with closing(RedisBroker(server.url, patience=0.3, **options)) as broker:
        broker.declare_queue("default")
        yield broker


def sizes_in_time(broker):
    """The sizes; None where a busy Redis took longer than the broker waits."""
    with suppress(ConnectionClosed):
        return broker.sizes()


class Proxy:
    """Stands before a Redis, and can lose its next answer together with the connection."""

    def __init__(self, url):
        self._port = int(url.rsplit(":", 1)[1].split("/")[0])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self.lose_answer_to = b""
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        losing = threading.Event()
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            answering = threading.Thread(target=self._answer, args=(client, server, losing))
            answering.start()
            with suppress(OSError):
                while asked := client.recv(1_000_000):
                    if self.lose_answer_to and self.lose_answer_to in asked:
                        self.lose_answer_to = b""
                        losing.set()
                    server.sendall(asked)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            answering.join()

    def _answer(self, client, server, losing):
        with suppress(OSError):
            while answer := server.recv(1_000_000):
                if losing.is_set():
                    self.lost += 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(answer)


@pytest.fixture
def proxy(server):
    with closing(Proxy(server.url)) as proxy:
        yield proxy


def test_a_job_is_on_disk_when_enqueue_has_returned(server, broker):
    sent = [broker.enqueue(message("note", number)) for number in range(20)]
    broker.enqueue_many([message("note", number) for number in range(20)], delay=60_000)
    broker.claim("nightly", tick(1), message(), missed=2)
    known = broker.schedules()
    server.kill()
    server.start()
    assert broker.sizes() == {"default": QueueSizes(ready=21, delayed=20)}
    assert broker.schedules() == known
    assert broker.claim("nightly", tick(1), message()).outcome is Claimed.LATE
    consumer = broker.consume("default", prefetch=1, timeout=5000)
    assert next(consumer).message_id == sent[0].message_id


def test_workers_and_producers_go_on_by_themselves_after_a_crash_and_lose_nothing(server, broker):
    done, accepted, enough = set(), [], threading.Event()
    actor = dramatiq.actor(done.add, broker=broker, actor_name="a")

    def produce(name):
        for number in range(100_000):
            if enough.is_set():
                return
            word = f"{name}{number}"
            actor.send(word)
            accepted.append(word)

    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=4)
    worker.start()
    producers = [threading.Thread(target=produce, args=(name,)) for name in "abcd"]
    for producer in producers:
        producer.start()
    for crash in range(1, 4):
        until(lambda crash=crash: len(done) > crash * 50)
        server.kill()
        server.start()
    until(lambda: len(done) > 250)
    enough.set()
    for producer in producers:
        producer.join()
    broker.join("default", timeout=20_000)
    worker.stop()
    assert set(accepted) - done == set()
    assert broker.dead() == []


def test_a_redis_that_is_stopped_is_an_error_in_time_and_what_was_sent_may_be_sent_again(
    server, broker
):
    with impatient(server) as hasty:
        until(lambda: sizes_in_time(hasty))
        sent = message()
        server.stop()
        began = time.monotonic()
        with pytest.raises(ConnectionClosed, match="does not answer"):
            hasty.enqueue(sent)
        assert time.monotonic() - began < 2
        server.go_on()
        broker.enqueue(sent)
        until(lambda: sizes_in_time(hasty) == {"default": QueueSizes(ready=1)})


def test_a_worker_goes_on_after_redis_was_stopped(server, broker):
    with impatient(server, lease=30) as hasty:
        seen = []
        actor = dramatiq.actor(seen.append, broker=hasty, actor_name="a")
        worker = dramatiq.Worker(hasty, worker_timeout=100, worker_threads=2)
        worker.start()
        broker.enqueue(actor.message("before"))
        until(lambda: seen == ["before"])
        server.stop()
        with pytest.raises(ConnectionClosed):
            hasty.sizes()
        server.go_on()
        broker.enqueue(actor.message("after"))
        until(lambda: seen == ["before", "after"])
        worker.stop()


def test_jobs_whose_answer_was_lost_on_the_way_are_not_held_for_ever(server, proxy):
    with closing(RedisBroker(proxy.url)) as broker:  # with a lease that outlasts the test
        broker.declare_queue("default")
        consumer = broker.consume("default", prefetch=2, timeout=100)
        assert next(consumer) is None
        sent = broker.enqueue(message())
        proxy.lose_answer_to = FETCH.digest.encode()
        began = time.monotonic()
        found = []
        until(lambda: found or found.extend(filter(None, [next(consumer)])))
        (delivery,) = found
        assert proxy.lost == 1
        assert delivery.message_id == sent.message_id
        assert time.monotonic() - began < 3
        consumer.ack(delivery)
        assert broker.sizes() == {"default": QueueSizes()}


@pytest.mark.parametrize("overlap", [Overlap.ALLOW, Overlap.SKIP, Overlap.REPLACE])
def test_a_claim_whose_answer_was_lost_is_made_once_and_known(server, proxy, overlap):
    with closing(RedisBroker(proxy.url)) as broker:
        broker.declare_queue("default")
        first = message()
        assert broker.claim("nightly", tick(1), first).outcome is Claimed.FIRED
        consumer = broker.consume("default", timeout=PATIENCE)
        assert next(consumer)
        proxy.lose_answer_to = b"nightly"
        answer = broker.claim("nightly", tick(2), message(), overlap=overlap, missed=1)
        assert proxy.lost == 1
        assert answer == Claim(
            Claimed.DROPPED if overlap is Overlap.SKIP else Claimed.FIRED,
            tick(2),
            (first.message_id,) if overlap is Overlap.REPLACE else (),
        )
        known = broker.schedules()["nightly"]
        fires = answer.outcome is Claimed.FIRED
        assert (known.fired, known.dropped, known.missed) == (1 + fires, not fires, 1)
        assert broker.sizes() == {"default": QueueSizes(ready=fires, running=1)}
        again = broker.claim("nightly", tick(2), message(), overlap=overlap)
        assert again == Claim(Claimed.LATE, tick(2))


def test_an_enqueue_whose_answer_was_lost_enqueues_once(server, proxy):
    with closing(RedisBroker(proxy.url)) as broker:
        broker.declare_queue("default")
        broker.enqueue(message())
        sent = message()
        proxy.lose_answer_to = sent.message_id.encode()
        broker.enqueue(sent)
        assert proxy.lost == 1
        assert broker.sizes() == {"default": QueueSizes(ready=2)}


def test_what_became_of_a_job_is_told_once_redis_is_back(server, broker):
    broker.enqueue(message())
    with impatient(server, lease=30) as hasty:
        consumer = hasty.consume("default", timeout=5000)
        delivery = next(filter(None, consumer))
        server.kill()
        consumer.ack(delivery)
        with pytest.raises(ConnectionClosed):
            consumer.flush()
        server.start()
        until(lambda: sizes_in_time(hasty) == {"default": QueueSizes()})


def test_a_lost_script_cache_is_no_matter(server, broker):
    broker.enqueue(message())
    with redis.from_url(server.url) as client:
        client.script_flush()
    broker.enqueue(message())
    assert broker.sizes() == {"default": QueueSizes(ready=2)}
