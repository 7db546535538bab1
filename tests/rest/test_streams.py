"""Streams on the wire: framed as the caller asks, and closed when nobody listens any more."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from raw_http import Connection, connected, get, post
from waiting import PATIENCE

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    Conflict,
    ContentType,
    RateLimit,
    Response,
    action,
)
from servey_rest import streaming

SETTINGS = {
    "env": "production",
    "jwt_secret_key": "k" * 32,
    "body_timeout": 0.5,
    "body_min_rate": 1_000_000_000,
    "drain_seconds": 0.0,
}
GRACE = 8.0
AT_ONCE = 1.0
"""How long what happens at once may take on a busy machine, in seconds; less than any time-out."""

EVENTS = b"Accept: text/event-stream"


class Watch:
    """What becomes of the streams of one action."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.items = 0

    def reset(self) -> None:
        self.closed.clear()
        self.items = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        try:
            yield
        finally:
            self.closed.set()


watch = Watch()


@dataclass
class Tick:
    number: int
    text: str = "a\nb"


@action(triggers=(WEB_GET, WEB_POST))
async def ticks(count: int = 2) -> AsyncIterator[Tick]:
    for number in range(count):
        yield Tick(number)


@action(triggers=WEB_GET)
async def rows() -> AsyncIterator[Annotated[str, ContentType("text/csv; charset=latin-1")]]:
    yield "name\n"
    yield "Zoë\n"


@action(triggers=WEB_GET)
async def octets() -> AsyncIterator[bytes]:
    yield b"\xff"
    yield b""
    yield b"\x00"


@action(triggers=WEB_GET)
async def fails(how: str, early: bool = False) -> AsyncIterator[int]:
    with watch():
        if not early:
            yield 1
        if how == "conflict":
            raise Conflict("It has changed.", headers={"X-Why": "change"})
        if how == "type":
            yield "two"  # type: ignore[misc]
        if how == "none":
            yield None  # type: ignore[misc]
        raise RuntimeError("canary")


@action(triggers=WEB_GET)
async def fails_as_text() -> AsyncIterator[Annotated[str, ContentType("text/plain")]]:
    yield "one"
    raise RuntimeError("canary")


@action(triggers=WEB_GET)
async def waiting(first: bool = True) -> AsyncIterator[int]:
    with watch():
        if first:
            yield 1
        await asyncio.Event().wait()


@action(triggers=WEB_GET)
async def counting() -> AsyncIterator[int]:
    """Count as fast as it can, and never wait."""
    with watch():
        while True:
            watch.items += 1
            yield watch.items


@action(triggers=WEB_GET)
async def pouring() -> AsyncIterator[bytes]:
    with watch():
        while True:
            watch.items += 1
            yield bytes(65536)


@action(triggers=WEB_GET)
async def cleaning_up() -> AsyncIterator[int]:
    with watch():
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)


@action(triggers=WEB_GET)
async def failing_to_clean_up() -> AsyncIterator[int]:
    try:
        yield 1
        await asyncio.Event().wait()
    finally:
        watch.closed.set()
        raise RuntimeError("canary")


@action(triggers=WEB_GET, timeout=0.05)
async def too_long(first: bool = True) -> AsyncIterator[int]:
    with watch():
        if first:
            yield 1
        await asyncio.Event().wait()


@action(triggers=WEB_GET, access_control=ALLOW_AUTHENTICATED)
async def guarded() -> AsyncIterator[int]:
    yield 1


@action(triggers=WEB_GET, rate_limits=RateLimit("1/minute"))
async def limited() -> AsyncIterator[int]:
    yield 1


@action(triggers=WEB_GET)
async def with_response(response: Response, status: int = 202) -> AsyncIterator[int]:
    response.status = status
    response.headers["X-Kind"] = "early"
    response.set_cookie("a", "b")
    yield 1
    response.headers["X-Kind"] = "late"
    yield 2


@action(triggers=WEB_GET)
async def with_bad_header(response: Response) -> AsyncIterator[int]:
    response.headers["Content-Length"] = "1"
    yield 1


ACTIONS = [
    ticks,
    rows,
    octets,
    fails,
    fails_as_text,
    waiting,
    counting,
    pouring,
    cleaning_up,
    failing_to_clean_up,
    too_long,
    guarded,
    limited,
    with_response,
    with_bad_header,
]


@pytest.fixture(autouse=True)
def watched() -> None:
    watch.reset()


@contextmanager
def listening(app: Any, target: str, *fields: bytes) -> Iterator[Connection]:
    """A connection over which a stream has begun."""
    with connected(app.url) as connection:
        connection.send(get(target, *fields))
        connection.until(b"\r\n\r\n")
        connection.until(b"\r\n")
        yield connection


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]


# Framing


def test_items_are_json_lines_unless_events_are_asked_for(app: Any) -> None:
    response = app.get("/actions/ticks")
    assert response.headers["content-type"] == "application/jsonl"
    lines = response.content.split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line)["number"] for line in lines] == [0, 1]


def test_items_are_events_where_they_are_asked_for(app: Any) -> None:
    response = app.get("/actions/ticks", headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"] == "text/event-stream"
    assert response.text == (
        'data: {"number":0,"text":"a\\nb"}\n\ndata: {"number":1,"text":"a\\nb"}\n\n'
    )


@pytest.mark.parametrize(
    ("accept", "events"),
    [
        ("text/event-stream", True),
        ("Text/Event-Stream;q=0.5, */*", True),
        ("application/json, text/event-stream", True),
        ("text/event-stream-like", False),
        ("application/x-text/event-stream", False),
        ("application/jsonl", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_who_asks_for_events_says_so(app: Any, accept: str, events: bool) -> None:
    kind = app.get("/actions/ticks", headers={"Accept": accept}).headers["content-type"]
    assert kind == ("text/event-stream" if events else "application/jsonl")


def test_what_the_framing_depends_on_is_told(app: Any) -> None:
    response = app.get("/actions/ticks")
    assert (response.headers["vary"], response.headers["x-accel-buffering"]) == ("accept", "no")
    assert "vary" not in app.get("/actions/octets").headers


def test_content_of_a_type_leaves_as_it_is(app: Any) -> None:
    response = app.get("/actions/rows", headers={"Accept": "text/event-stream"})
    assert response.headers["content-type"] == "text/csv; charset=latin-1"
    assert response.content == b"name\nZo\xeb\n"
    response = app.get("/actions/octets")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.content == b"\xff\x00"


@pytest.mark.parametrize("fields", [(), (EVENTS,)])
def test_a_stream_of_nothing_is_empty_and_the_connection_goes_on(app: Any, fields: Any) -> None:
    with connected(app.url) as connection:
        for _ in range(2):
            connection.send(get("/actions/ticks?count=0", *fields))
            answer = connection.answer()
            assert (answer.status, answer.body) == (200, b"")


def test_a_stream_may_take_a_body(app: Any) -> None:
    with connected(app.url) as connection:
        for count in (1, 3):
            connection.send(post("/actions/ticks", b'{"count":%d}' % count))
            assert len(connection.answer().body.splitlines()) == count


@pytest.mark.parametrize("fields", [(), (EVENTS,)])
def test_head_has_the_fields_and_runs_nothing(app: Any, fields: Any) -> None:
    head = get("/actions/waiting", *fields).replace(b"GET", b"HEAD", 1)
    with connected(app.url) as connection:
        connection.send(head)
        answer = connection.answer(to_head=True)
        assert answer.status == 200
        kind = "text/event-stream" if fields else "application/jsonl"
        assert answer.only("content-type") == kind
        connection.send(get("/actions/ticks?count=0"))
        assert connection.answer().status == 200
    assert not watch.closed.is_set()


# Failures


@pytest.mark.parametrize("path", ["fails?how=conflict&early=true", "too-long?first=false"])
@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
def test_what_fails_before_the_first_item_is_a_problem(app: Any, path: str, accept: str) -> None:
    response = app.get(f"/actions/{path}", headers={"Accept": accept})
    status = 409 if "fails" in path else 504
    assert response.status_code == response.json()["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers.get("x-why") == ("change" if status == 409 else None)


def test_what_nobody_foresaw_before_the_first_item_is_a_problem(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    response = app.get("/actions/fails?how=other&early=true")
    assert (response.status_code, response.json()["title"]) == (500, "Internal error")
    assert len(errors(caplog)) == 1


@pytest.mark.parametrize(
    ("path", "status", "logged"),
    [
        ("fails?how=conflict", 409, 0),
        ("fails?how=other", 500, 1),
        ("fails?how=type", 500, 1),
        ("fails?how=none", 500, 1),
        ("too-long", 504, 0),
    ],
)
def test_what_fails_after_an_event_is_an_event_too(
    app: Any, path: str, status: int, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    response = app.get(f"/actions/{path}", headers={"Accept": "text/event-stream"})
    first, failure, rest = response.text.split("\n\n")
    assert (response.status_code, first, rest) == (200, "data: 1", "")
    kind, data = failure.split("\n")
    assert kind == "event: problem"
    problem = json.loads(data.removeprefix("data: "))
    assert problem["status"] == status
    assert problem["instance"].startswith("urn:servey:call:")
    assert "canary" not in failure
    assert len(errors(caplog)) == logged


@pytest.mark.parametrize(
    ("path", "item", "logged"),
    [
        ("fails?how=conflict", b"1\n", 0),
        ("fails?how=other", b"1\n", 1),
        ("fails?how=type", b"1\n", 1),
        ("too-long", b"1\n", 0),
        ("fails-as-text", b"one", 1),
    ],
)
def test_what_fails_after_a_line_cuts_the_connection(
    app: Any, path: str, item: bytes, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(app.url) as connection:
        connection.send(get(f"/actions/{path}"))
        head, _, body = connection.rest().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b"%x\r\n%b\r\n" % (len(item), item)  # and no last chunk
    assert len(errors(caplog)) == logged


def test_who_may_not_call_is_told_so_before_anything(app: Any) -> None:
    for accept in ("text/event-stream", "*/*"):
        assert app.get("/actions/guarded", headers={"Accept": accept}).status_code == 401
    response = app.get("/actions/guarded", headers=app.credentials())
    assert (response.text, response.headers["cache-control"]) == ("1\n", "no-store")
    assert app.get("/actions/ticks?count=x").status_code == 422


def test_limits_are_told(app: Any) -> None:
    assert "ratelimit" in app.get("/actions/limited").headers
    assert app.get("/actions/limited").status_code == 429


# What the stream adds to its response


def test_what_is_added_before_the_first_item_counts(app: Any) -> None:
    response = app.get("/actions/with-response")
    assert (response.status_code, response.text) == (202, "1\n2\n")
    assert response.headers["x-kind"] == "early"
    assert response.headers["set-cookie"].startswith("a=b")


@pytest.mark.parametrize("path", ["with-bad-header", "with-response?status=204"])
@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
def test_what_cannot_be_added_is_a_failure(
    app: Any, path: str, accept: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = app.get(f"/actions/{path}", headers={"Accept": accept})
    assert (response.status_code, response.json()["title"]) == (500, "Internal error")
    assert len(errors(caplog)) == 1


# Who listens


@pytest.mark.parametrize("path", ["waiting", "counting", "pouring", "cleaning-up"])
@pytest.mark.parametrize("fields", [(), (EVENTS,)])
def test_a_stream_is_closed_when_its_caller_leaves(
    app: Any, path: str, fields: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(app, f"/actions/{path}", *fields):
        assert not watch.closed.is_set()
    assert watch.closed.wait(PATIENCE)
    assert app.get("/actions/ticks?count=0").status_code == 200
    assert not errors(caplog)


def test_a_stream_is_closed_when_its_caller_leaves_before_the_first_item(app: Any) -> None:
    with connected(app.url) as connection:
        connection.send(get("/actions/ticks?count=0"))
        connection.answer()
        connection.send(get("/actions/waiting?first=false"))
    assert watch.closed.wait(PATIENCE)


def test_a_failure_to_clean_up_is_logged(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    with listening(app, "/actions/failing-to-clean-up"):
        pass
    assert watch.closed.wait(PATIENCE)
    assert app.get("/actions/ticks?count=0").status_code == 200
    assert "canary" in caplog.text
    assert all("servey.invoke" in one.name for one in caplog.records if one.levelno >= 30)


def test_a_stream_that_never_waits_leaves_others_their_turn(app: Any) -> None:
    """It is read as quickly as it comes, so that nothing makes it wait."""
    begun, stop = threading.Event(), threading.Event()

    def read() -> None:
        with listening(app, "/actions/counting") as connection:
            begun.set()
            while not stop.is_set():
                connection.socket.recv(1 << 20)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert begun.wait(PATIENCE)
        for _ in range(3):
            assert app.get("/actions/ticks?count=0").status_code == 200
    finally:
        stop.set()
        reader.join(PATIENCE)
    assert watch.closed.wait(PATIENCE)


def test_a_caller_who_reads_nothing_is_sent_no_more_and_then_left(app: Any) -> None:
    with socket.socket() as quiet:
        quiet.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        address = app.client.base_url
        quiet.connect((address.host, address.port))
        quiet.sendall(get("/actions/pouring"))
        assert watch.closed.wait(PATIENCE)
        assert watch.items * 65536 < 16 * 1024 * 1024


def test_comments_keep_events_alive(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "KEEP_ALIVE_SECONDS", 0.01)
    with connected(app.url) as connection:
        connection.send(get("/actions/waiting?first=false", EVENTS))
        assert connection.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        for _ in range(3):
            assert connection.until(b":\n\n\r\n") == b"3\r\n:\n\n\r\n"
    assert watch.closed.wait(PATIENCE)


# When the server stops


@pytest.mark.parametrize("path", ["waiting", "counting", "pouring"])
def test_streams_end_when_the_server_stops(
    serve: Any, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serve(ACTIONS, grace_seconds=GRACE, **SETTINGS) as app:
        reading = _Reader(app, f"/actions/{path}")
        stopped_at = time.monotonic()
    assert time.monotonic() - stopped_at < AT_ONCE
    assert watch.closed.is_set()
    assert not reading.received().endswith(b"0\r\n\r\n")
    assert not errors(caplog)


def test_events_say_that_the_server_stops(serve: Any, caplog: pytest.LogCaptureFixture) -> None:
    with serve(ACTIONS, grace_seconds=GRACE, **SETTINGS) as app:
        reading = _Reader(app, "/actions/waiting", EVENTS)
        stopped_at = time.monotonic()
    assert time.monotonic() - stopped_at < AT_ONCE
    assert watch.closed.is_set()
    received = reading.received()
    assert b'event: problem\ndata: {"type": "urn:servey:problem:unavailable"' in received
    assert received.endswith(b"0\r\n\r\n")
    assert not errors(caplog)


class _Reader:
    """Reads a stream in a thread, to its end."""

    def __init__(self, app: Any, target: str, *fields: bytes) -> None:
        begun = threading.Event()
        self._parts: list[bytes] = []
        self._thread = threading.Thread(target=self._read, args=(app, target, fields, begun.set))
        self._thread.start()
        assert begun.wait(PATIENCE)

    def received(self) -> bytes:
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return b"".join(self._parts)

    def _read(
        self, app: Any, target: str, fields: tuple[bytes, ...], begun: Callable[[], None]
    ) -> None:
        with listening(app, target, *fields) as connection:
            begun()
            self._parts.append(connection.rest()[-1000:])
