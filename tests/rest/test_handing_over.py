"""Answers are the same bytes, written at once by uvicorn's protocol or sent as ASGI's messages."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn
from raw_http import HOST, get, post, request
from waiting import PATIENCE

from servey_core import WEB_GET, WEB_POST, TtlCacheControl, action
from servey_web import create_app
from servey_web.cycles import cycle_of
from servey_web.sockets import open_sockets

LARGE = 300_000


@dataclass
class Stay:
    nights: int
    guests: list[str]


@action(triggers=WEB_GET, cache_control=TtlCacheControl(60))
async def stays(nights: int = 1) -> Stay:
    return Stay(nights, ["Ann"])


@action(triggers=WEB_POST)
async def book(nights: int, guests: list[str]) -> Stay:
    return Stay(nights, guests)


@action(triggers=WEB_GET)
async def large(size: int) -> str:
    return "x" * size


seen: list[bool] = []
"""Whether each request came straight from the protocol."""


class Watched:
    """An application that lets requests through as they are, or with something in between."""

    def __init__(self, app: Any, *, between: bool) -> None:
        self.app = app
        self.between = between

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def passed_on(message: Any) -> None:
            await send(message)

        given = passed_on if self.between else send
        if scope["type"] == "http":
            seen.append(cycle_of(receive, given) is not None)
        await self.app(scope, receive, given)


@contextmanager
def running(app: Any) -> Iterator[int]:
    """Serve an application by uvicorn itself, as anybody may."""
    config = uvicorn.Config(app, log_config=None, server_header=False, timeout_keep_alive=3600)
    server = uvicorn.Server(config)
    [listening] = open_sockets("127.0.0.1", 0)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive()


@pytest.fixture(scope="module")
def ports(started: Any) -> Iterator[list[int]]:
    """The same application twice: straight, and with something in between."""
    functions = [stays, book, large]
    with ExitStack() as stack:
        yield [
            stack.enter_context(running(Watched(create_app(started(functions)), between=between)))
            for between in (False, True)
        ]


def exchanged(port: int, sent: bytes) -> bytes:
    """What comes back until the server hangs up, without what differs from call to call."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(sent)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    return re.sub(rb"(date: |x-request-id: |urn:servey:call:)[^\r\"]+", rb"\1", received)


CLOSE = b"Connection: close"
BODY = b'{"nights": 2, "guests": ["Zo\xc3\xab"]}'
REQUESTS = {
    "a query": get("/actions/stays?nights=3", CLOSE),
    "a hint that holds": get("/actions/stays", b'If-None-Match: "a"', CLOSE),
    "a refusal": get("/actions/stays?nights=x", CLOSE),
    "no route": get("/actions/nights", CLOSE),
    "a body": post("/actions/book", BODY, CLOSE),
    "a body that is wrong": post("/actions/book", b"[]", CLOSE),
    "a body that is too large": request(
        "POST",
        "/actions/book",
        HOST,
        b"Content-Type: application/json",
        b"Content-Length: 2000000",
        CLOSE,
    ),
    "a chunked body": request(
        "POST",
        "/actions/book",
        HOST,
        b"Content-Type: application/json",
        b"Transfer-Encoding: chunked",
        CLOSE,
        body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    ),
    "a large answer": get(f"/actions/large?size={LARGE}", CLOSE),
    "several at once": get("/actions/stays") * 3 + post("/actions/book", BODY, CLOSE),
    "HEAD": request("HEAD", "/actions/stays", HOST, CLOSE),
    "HTTP/1.0": b"GET /actions/stays HTTP/1.0\r\nHost: localhost\r\n\r\n",
    "an expectation": post("/actions/book", BODY, b"Expect: 100-continue", CLOSE),
}


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
def test_both_ways_give_the_same_bytes(ports: list[int], sent: bytes) -> None:
    seen.clear()
    straight, between = (exchanged(port, sent) for port in ports)
    assert True in seen
    assert False in seen
    assert [sorted(part.split(b"\r\n")) for part in straight.split(b"HTTP/1.1 ")] == [
        sorted(part.split(b"\r\n")) for part in between.split(b"HTTP/1.1 ")
    ]
    assert straight.startswith(b"HTTP/1.1 ")


def test_a_body_that_comes_late_is_waited_for(ports: list[int]) -> None:
    sent = post("/actions/book", BODY, CLOSE)
    for port in ports:
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
            connection.sendall(sent[:-5])
            connection.settimeout(0.05)
            with pytest.raises(TimeoutError):
                connection.recv(1)
            connection.settimeout(PATIENCE)
            connection.sendall(sent[-5:])
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        assert received.startswith(b"HTTP/1.1 200")
