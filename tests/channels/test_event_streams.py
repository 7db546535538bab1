"""Channels as server-sent events, by the public door."""

import asyncio
import json
import shutil
import subprocess
import time
from contextlib import ExitStack, contextmanager

import pytest
from chatting import serving, token
from waiting import PATIENCE, until

from servey_channels.app import ChannelsApp
from servey_core import start, websocket_channel
from servey_web import event_streams


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(
        tmp_path_factory.mktemp("server"), CHANNELS_BACKLOG_BYTES=str(256 * 1024)
    ) as server:
        yield server


class Stream:
    """An answer that does not end, as events."""

    def __init__(self, response):
        self.response = response
        self._lines = response.iter_lines()
        assert self._lines.__next__() == "retry: 3000"
        assert self._lines.__next__() == ""

    def next(self):
        """The fields of the next event; comments are left out."""
        fields = {}
        for line in self._lines:
            if line and not line.startswith(":"):
                name, _, value = line.partition(": ")
                fields[name] = value
            elif fields:
                return fields
        return None

    def texts(self, count):
        return [json.loads(self.next()["data"])["text"] for _ in range(count)]


@contextmanager
def listening(server, path="/news", bearer=None, **headers):
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    with server.client.stream("GET", f"/subscription{path}", headers=headers) as response:
        assert response.status_code == 200
        yield Stream(response)


def test_events_are_given_with_their_ids(server):
    with listening(server) as stream:
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert stream.response.headers["cache-control"] == "no-store"
        subscribed = stream.next()
        assert subscribed["event"] == "subscribed"
        place = json.loads(subscribed["data"])
        assert subscribed["id"] == f"{place['epoch']}:{place['offset']}"
        server.tell("one\ntwo")
        event = stream.next()
        assert "event" not in event
        assert event["id"] == f"{place['epoch']}:{place['offset'] + 1}"
        assert json.loads(event["data"]) == {"text": "one\ntwo", "owner": None}


def test_listeners_take_no_room_from_requests_but_have_a_limit_of_their_own(tmp_path):
    limits = {"MAX_CONCURRENCY": "2", "CHANNELS_MAX_CONNECTIONS": "5"}
    with serving(tmp_path, **limits) as server, ExitStack() as stack:
        streams = [stack.enter_context(listening(server)) for _ in range(5)]
        for stream in streams:
            stream.next()
        server.tell("to all")
        assert [stream.texts(1) for stream in streams] == [["to all"]] * 5
        refused = server.client.get("/subscription/news")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "3")


def test_who_comes_back_gets_what_it_missed(server):
    with listening(server) as stream:
        last = stream.next()["id"]  # also where no event has come yet
    server.tell("a", "b")
    with listening(server, **{"Last-Event-ID": last}) as stream:
        subscribed = stream.next()
        assert json.loads(subscribed["data"])["recovered"] is True
        assert "id" not in subscribed  # who is cut off now has not got what follows
        server.tell("c")
        assert stream.texts(3) == ["a", "b", "c"]
    with listening(server, **{"Last-Event-ID": "another:1"}) as stream:
        assert json.loads(stream.next()["data"])["recovered"] is False


def test_more_than_may_wait_is_given_again_too(server):
    with listening(server) as stream:
        last = stream.next()["id"]
    for _ in range(10):
        server.tell(*["x" * 10_000] * 20)
    with listening(server, **{"Last-Event-ID": last}) as stream:
        stream.next()
        assert len(stream.texts(200)) == 200


def test_a_slow_client_is_let_go_and_catches_up(server):
    with listening(server) as stream:
        stream.next()
        ids = []
        for _ in range(40):
            server.tell(*["x" * 10_000] * 20)
        while event := stream.next():
            ids.append(event["id"])
    assert 0 < len(ids) < 800
    with listening(server, **{"Last-Event-ID": ids[-1]}) as stream:
        assert json.loads(stream.next()["data"])["recovered"] is True
        while len(ids) < 800:
            ids.append(stream.next()["id"])
    offsets = [int(one.partition(":")[2]) for one in ids]
    assert offsets == list(range(offsets[0], offsets[0] + 800))


@pytest.mark.parametrize(
    ("method", "path", "header", "status"),
    [
        ("POST", "/news", {}, 405),
        ("HEAD", "/news", {}, 405),
        ("DELETE", "/news", {}, 405),
        ("GET", "/new", {}, 404),
        ("GET", "", {}, 404),
        ("GET", "/news/more", {}, 404),
        ("GET", "/secret", {}, 401),
        ("GET", "/secret?token={token}", {}, 401),
        ("GET", "/secret", {"Authorization": "Bearer nonsense"}, 401),
        ("GET", "/secret", {"Authorization": "Bearer {other}"}, 403),
        ("GET", "/news", {"Last-Event-ID": "nonsense"}, 400),
        ("GET", "/news", {"Last-Event-ID": "a:" + "9" * 30}, 400),
    ],
)
def test_what_cannot_be_given_is_a_problem(server, method, path, header, status):
    words = {"token": token("ann", "insider"), "other": token("ann", "other")}
    given = {name: value.format(**words) for name, value in header.items()}
    answer = server.client.request(method, f"/subscription{path.format(**words)}", headers=given)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if method != "HEAD":
        assert answer.json()["status"] == status
    if status == 405:
        assert answer.headers["allow"] == "GET"


def test_a_guarded_channel_is_for_who_may(server):
    with listening(server, "/secret", token("ann", "insider")) as stream:
        stream.next()
        server.tell("psst", channel="secret")
        assert stream.texts(1) == ["psst"]


def test_a_filter_gives_each_its_own(server):
    with (
        listening(server, "/mine", token("ann")) as ann,
        listening(server, "/mine", token("bob")) as bob,
    ):
        for one in (ann, bob):
            one.next()
        server.tell("of ann", channel="mine", owner="ann")
        server.tell("of bob", channel="mine", owner="bob")
        assert (ann.texts(1), bob.texts(1)) == (["of ann"], ["of bob"])


def test_a_stream_ends_when_the_token_expires(server):
    expires = time.time() + 4
    with listening(server, "/secret", token("ann", "insider", seconds=4)) as stream:
        stream.next()
        assert stream.next() is None
    assert time.time() - expires < 4


def test_who_leaves_is_forgotten(tmp_path):
    with serving(tmp_path, CHANNELS_MAX_CONNECTIONS="1") as server:
        with listening(server) as stream:
            stream.next()
            assert server.client.get("/subscription/news").status_code == 503

        def is_let_in():
            with server.client.stream("GET", "/subscription/news") as response:
                return response.is_success

        until(is_let_in)


def test_curl_shows_events(server):
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("there is no curl")
    url = server.url("/news").replace("ws:", "http:")
    with subprocess.Popen([curl, "-sN", "-m", "60", url], stdout=subprocess.PIPE) as running:
        lines = iter(running.stdout.readline, b"")
        assert b"event: subscribed\n" in lines
        server.tell("for curl")
        assert b'data: {"text":"for curl","owner":null}\n' in lines
        assert next(lines) == b"\n"
        running.kill()


def test_a_client_without_events_is_sent_a_comment_now_and_then(monkeypatch):
    monkeypatch.setattr(event_streams, "HEARTBEAT_SECONDS", 0.05)
    channel = websocket_channel("quiet", int)
    runtime = start(actions=[], channels=[channel], given={"state": "memory:"})
    app = ChannelsApp(runtime)
    sent = []

    async def stream():
        gone = asyncio.Event()

        async def receive():
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message.get("body"))
            if sent.count(b":\n\n") == 3:
                gone.set()

        scope = {"type": "http", "method": "GET", "path": "/quiet", "headers": []}
        async with app.lifespan(), asyncio.timeout(PATIENCE):
            await app(scope, receive, send)

    asyncio.run(stream())
    assert sent.count(b":\n\n") == 3
    assert sent[-1] == b""
