"""The Redis broker keeps what every broker promises, on a real Redis."""

import logging
import os
from contextlib import closing
from uuid import uuid4

import dramatiq
import pytest
import redis
from broker_contract import BrokerContract
from broker_nodes import message
from claims_contract import ClaimingProcessesContract, ClaimsContract, tick
from dramatiq.errors import ConnectionClosed
from inspection_contract import InspectionContract, InspectionProcessesContract
from redis_servers import OwnRedis
from waiting import until

from servey_core import Overlap, SettingsError
from servey_sched.brokers.base import QueueSizes
from servey_sched.brokers.redis import RedisBroker


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    if given := os.environ.get("SERVEY_TEST_REDIS_URL"):
        yield given
        return
    own = OwnRedis(tmp_path_factory.mktemp("redis"))
    yield own.url
    own.kill()


@pytest.fixture
def client(url):
    with redis.from_url(url) as client:
        yield client


@pytest.fixture
def prefix(client):
    """Keys that the test has for itself."""
    prefix = f"test:{uuid4().hex}:"
    yield prefix
    for key in client.scan_iter(match=f"{prefix}*"):
        client.delete(key)


class TestRedis(
    BrokerContract,
    InspectionContract,
    InspectionProcessesContract,
    ClaimsContract,
    ClaimingProcessesContract,
):
    @pytest.fixture
    def recipe(self, url, prefix):
        return f"""
from servey_sched.brokers.redis import RedisBroker
broker = RedisBroker({url!r}, prefix={prefix!r}, lease=lease)
"""

    def put_garbage(self, broker, body):
        message_ = broker.enqueue(message())
        with redis.from_url(str(broker._server._url.get_secret_value())) as client:
            client.hset(f"{broker._server.prefix}job:{message_.message_id}", "message", body)

    def test_bytes_among_the_ready_jobs_are_dead_letters_and_stop_nobody(
        self, broker, client, prefix
    ):
        client.zadd(f"{prefix}ready:default", {b"\xff\x00 nothing behind it": -5, b"short": -5})
        client.set(f"{prefix}job:a string", "where a hash should be")
        client.zadd(f"{prefix}ready:default", {b"0" * 16 + b"a string": -5})
        client.zadd(f"{prefix}delayed:default", {b"never enqueued": 0})
        good = broker.enqueue(message())
        consumer = broker.consume("default", prefetch=2, timeout=50)
        assert next(filter(None, consumer)).message_id == good.message_id
        until(lambda: next(consumer) is None and len(broker.dead()) == 4)
        consumer.close()
        assert broker.sizes()["default"] == QueueSizes(ready=1, dead=4)
        assert all(dead.message is None and dead.error for dead in broker.dead())
        assert {dead.id for dead in broker.dead()} >= {"a string", "never enqueued"}
        assert all(broker.retry_dead(dead.id) for dead in broker.dead())
        assert broker.sizes()["default"] == QueueSizes(ready=5)

    def test_a_traceback_that_is_not_unicode_is_kept_and_stops_nobody(self, broker, work, caplog):
        caplog.set_level(logging.CRITICAL, "dramatiq")  # pytest cannot report such a text

        @dramatiq.actor(broker=broker, max_retries=0)
        def fails():
            raise ValueError("half a character: \udcff")

        fails.send()
        work()
        until(broker.dead)
        fails.send()
        broker.join("default", timeout=5000)
        assert [r"half a character: \udcff" in dead.error for dead in broker.dead()] == [True] * 2

    def test_the_prefix_is_all_that_is_written_and_nothing_is_left_behind(
        self, broker, client, prefix
    ):
        before = set(client.keys(f"{prefix}*"))
        sent = [broker.enqueue(message(str(number)), delay=number) for number in range(3)]
        consumer = broker.consume("default", prefetch=1, timeout=1000)
        for _ in sent:
            consumer.ack(next(filter(None, consumer)))
        consumer.close()
        broker.claim("s", tick(1), message(), delay=60_000)
        broker.claim("s", tick(2), message(), overlap=Overlap.REPLACE)
        broker.flush("default")
        broker.forget_schedule("s")
        rest = {
            key.removeprefix(prefix.encode()) for key in set(client.keys(f"{prefix}*")) - before
        }
        assert rest <= {b"queues", b"sequence", b"bell:default"}

    def test_a_forked_child_uses_its_parents_broker_as_its_own(self, broker, nodes):
        nodes.start("""
broker.enqueue(note.message("before"))
child = os.fork()
for _ in range(200):
    if child:
        assert broker.cancel("nobody") is False
    else:
        assert broker.sizes()["default"].ready == 1
if not child:
    os._exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
broker.enqueue(note.message("after"))
say("ready")
sys.stdin.read()
""")
        assert broker.sizes() == {"default": QueueSizes(ready=2)}


@pytest.mark.parametrize(
    "url", ["", "localhost", "sqlite:///jobs.db", "redis://:hush@h:port", "redis://h?nothing=1"]
)
def test_a_url_that_names_no_redis_is_a_start_up_error(url):
    with pytest.raises(SettingsError, match="It may be such as `redis://") as caught:
        RedisBroker(url)
    assert "hush" not in str(caught.value)


def test_a_wrong_password_is_told_at_once_and_not_shown(url):
    host = url.split("@")[-1].removeprefix("redis://")
    with closing(RedisBroker(f"redis://somebody:hush@{host}")) as broker:
        broker.declare_queue("default")
        with pytest.raises(ConnectionClosed, match="lets nobody in") as caught:
            broker.enqueue(message())
    assert "hush" not in str(caught.value)


def test_a_redis_that_is_not_there_is_an_error_in_time():
    with closing(RedisBroker("redis://127.0.0.1:1/0", patience=0.2)) as broker:
        broker.declare_queue("default")
        with pytest.raises(ConnectionClosed, match="cannot be reached"):
            broker.enqueue(message())
