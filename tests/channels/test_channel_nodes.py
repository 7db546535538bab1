"""Several processes of one application: what is published in one reaches the clients of all."""

import itertools
import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
from chatting import serving
from redis_servers import OwnRedis
from waiting import PATIENCE, until
from websockets.exceptions import ConnectionClosed

pytestmark = pytest.mark.slow


@pytest.fixture
def redis(tmp_path):
    own = OwnRedis(tmp_path)
    yield own
    own.kill()


def test_two_nodes_on_redis_and_what_happens_while_it_is_away(tmp_path, redis):
    with (
        serving(tmp_path, CHANNELS_URL=redis.url) as one,
        serving(tmp_path, CHANNELS_URL=redis.url) as other,
        one.connected("/news") as near,
        other.connected("/news") as far,
    ):
        here = near.hear("subscribed")
        assert far.hear("subscribed")["epoch"] == here["epoch"]
        one.tell("a", "b")
        other.tell("c")
        assert near.texts(3) == far.texts(3) == ["a", "b", "c"]

        redis.kill()
        for client in (near, far):
            client.hear("degraded")
        failed = one.client.post("/actions/tell", json={"channel": "news", "texts": ["lost"]})
        assert (failed.status_code, failed.json()["status"]) == (503, 503)
        with other.connected() as late:
            error = late.ask("subscribe", "error", channel="news")
            assert error["problem"]["status"] == 503
        redis.start()
        for client in (near, far):
            client.hear("restored")
        assert one.tell("d") == here["offset"] + 4
        assert near.texts(1) == far.texts(1) == ["d"]
        assert not [m for c in (near, far) for m in c.heard if m["type"] == "gap"]

        redis.stop()
        for client in (near, far):
            client.hear("degraded")
        redis.go_on()
        for client in (near, far):
            client.hear("restored")
        other.tell("e")
        assert near.texts(1) == far.texts(1) == ["e"]


def test_nodes_start_though_redis_is_away(tmp_path, redis):
    redis.kill()
    with serving(tmp_path, CHANNELS_URL=redis.url) as server, server.connected() as client:
        assert client.ask("subscribe", "error", channel="news")["problem"]["status"] == 503
        redis.start()

        def is_subscribed():
            client.say("subscribe", channel="news")
            client.heard.clear()
            client.ask("ping", "pong")
            return any(message["type"] == "subscribed" for message in client.heard)

        until(is_subscribed)
        server.tell("there")
        assert client.texts(1) == ["there"]


def test_two_worker_processes_on_sqlite(tmp_path):
    settings = {"CHANNELS_URL": f"sqlite:///{tmp_path}/events.db"}
    with serving(tmp_path, "--workers", "2", **settings) as server:
        clients = [server.connected("/news") for _ in range(8)]
        entered = [client.__enter__() for client in clients]
        for client in entered:
            client.hear("subscribed")
        processes, told = set(), []

        def by_both() -> bool:
            told.append(str(len(told)))
            with httpx.Client(base_url=server.client.base_url, trust_env=False) as fresh:
                body = {"channel": "news", "texts": [told[-1]]}
                assert fresh.post("/actions/tell", json=body, timeout=PATIENCE).is_success
                processes.add(fresh.post("/actions/process", json={}, timeout=PATIENCE).json())
            return len(processes) == 2 and len(told) > 10

        until(by_both)
        for client in entered:
            assert client.texts(len(told)) == told
        for client in clients:
            client.__exit__(None, None, None)


def test_nothing_is_missed_over_connections_that_are_cut(tmp_path):
    """Cut by RST, again and again, while events are published; each time it resumes."""
    with serving(tmp_path, CHANNELS_URL=f"sqlite:///{tmp_path}/events.db") as server:
        stop = threading.Event()
        told = itertools.count()

        def publish() -> None:
            while not stop.is_set():
                server.tell(*[str(next(told)) for _ in range(5)])

        with server.connected() as client:
            place = client.subscribe("news")
        publisher = threading.Thread(target=publish)
        publisher.start()
        heard, recovered = [], []
        since = {"epoch": place["epoch"], "offset": place["offset"]}

        @contextmanager
        def listening() -> Iterator[Callable[[], None]]:
            with server.connected() as client:
                recovered.append(client.subscribe("news", since=since)["recovered"])

                def hear() -> None:
                    event = client.hear("event")
                    heard.append(event["data"]["text"])
                    since["offset"] = event["offset"]

                yield hear
                linger = struct.pack("ii", 1, 0)
                client.connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                client.connection.socket.close()

        for _ in range(10):
            end = time.monotonic() + 0.3
            with listening() as hear:
                while time.monotonic() < end:
                    hear()
        stop.set()
        publisher.join()
        sent = next(told)
        with listening() as hear:
            while len(heard) < sent:
                hear()
        assert recovered == [True] * 11
        assert heard == [str(number) for number in range(sent)]
        assert sent > 50


@pytest.mark.parametrize("command", ["serve"])
def test_who_stops_says_when_to_come_back(tmp_path, command):
    with (
        serving(tmp_path, command=command, GRACE_SECONDS="5") as server,
        server.connected("/news") as client,
        server.connected() as other,
        server.raw() as silent,
    ):
        client.hear("subscribed")
        other.hear("welcome")
        with server.client.stream("GET", "/subscription/news") as stream:
            lines = stream.iter_lines()
            assert next(lines) == "retry: 3000"
            begun = time.monotonic()
            os.kill(server.process.pid, signal.SIGTERM)
            hints = [one.hear("reconnect")["after_ms"] for one in (client, other)]
            for one in (client, other):
                with pytest.raises(ConnectionClosed) as closed:
                    one.connection.recv()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 1012
            assert [line for line in lines if line.startswith("data")]  # it ends, and orderly
        assert server.process.wait(PATIENCE) == 0
        assert time.monotonic() - begun < 6
        assert all(0 <= hint <= 5000 for hint in hints)
        assert silent
