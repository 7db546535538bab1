"""H1 and the slow half of H3: bodies of bounded size and in bounded time."""

import asyncio
import json
from contextlib import suppress

import pytest
from waiting import PATIENCE

from servey_core.errors import BadRequest, RequestTimeout
from servey_web.bodies import Patience, declared_length, limit_body, read_body
from servey_web.responses import respond_bytes

LIMIT = 1000
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


async def plan(scope, receive, send):
    body = await read_body(scope, receive, LIMIT, Patience(1.5, 10**9))
    await respond_bytes(send, 200, b"text/plain", b"%d" % len(body))


async def careless(scope, receive, send):
    """An application that reads all there is, and hides what goes wrong as FastAPI does."""
    body = b""
    try:
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
    except Exception:  # noqa: BLE001 - that it is careless is the point
        await respond_bytes(send, 400, b"text/plain", b"cannot parse")
        return
    await respond_bytes(send, 200, b"text/plain", b"%d" % len(body))


guarded = limit_body(careless, LIMIT, Patience(1.5, 10**9))
both = pytest.mark.parametrize("handler", [plan, guarded], ids=["read_body", "limit_body"])


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@both
@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_a_body_within_the_limit_is_read(run_server, handler, size) -> None:
    with run_server(handler).client() as client:
        assert client.post("/", content=b"x" * size).text == str(size)
        assert client.post("/", content=iter([b"x" * size])).text == str(size)


@both
def test_a_declared_body_above_the_limit_is_refused_before_it_is_sent(run_server, handler) -> None:
    server = run_server(handler)
    with server.connect() as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 52428800\r\n\r\n"
        )
        answer = server.read_response(connection)
    assert status_of(answer) == 413
    problem = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert problem["type"] == "urn:servey:problem:payload-too-large"
    assert problem["limit"] == LIMIT


@both
def test_a_client_that_sends_50_mb_all_the_same_reads_the_answer(run_server, handler) -> None:
    with run_server(handler).client() as client:
        assert client.post("/", content=b"x" * 50 * 1024 * 1024).status_code == 413
        assert client.post("/", content=b"x").status_code == 200


@both
def test_an_endless_chunked_body_is_cut(run_server, handler) -> None:
    server = run_server(handler, header_timeout=0.3)
    with server.connect() as connection:
        connection.sendall(CHUNKED)
        answer = b""
        connection.settimeout(0.01)
        try:
            while True:
                connection.sendall(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
                try:
                    answer += connection.recv(65536)
                except TimeoutError:
                    continue
        except OSError:
            connection.settimeout(PATIENCE)  # the server hung up; what it said is there to be read
            with suppress(ConnectionResetError):
                while part := connection.recv(65536):
                    answer += part
    assert status_of(answer) == 413


@both
def test_a_body_that_trickles_is_cut(run_server, handler) -> None:
    server = run_server(handler)
    with server.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        answer = server.read_response(connection)
    assert status_of(answer) == 408
    assert b"application/problem+json" in answer


def test_a_route_may_raise_the_limit(run_server) -> None:
    async def routed(scope, receive, send):
        scope["servey.max_body"] = 5 * LIMIT
        await careless(scope, receive, send)

    with run_server(limit_body(routed, LIMIT)).client() as client:
        assert client.post("/", content=b"x" * 5 * LIMIT).status_code == 200
        assert client.post("/", content=b"x" * (5 * LIMIT + 1)).status_code == 413


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 3\r\nContent-Length: 4\r\n",
        b"Content-Length: +3\r\n",
        b"Content-Length: three\r\n",
    ],
)
def test_contradictory_framing_is_refused(run_server, framing) -> None:
    answer = run_server(plan).exchange(
        b"POST / HTTP/1.1\r\nHost: localhost\r\n" + framing + b"\r\n0\r\n\r\n"
    )
    assert status_of(answer) == 400
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    "headers",
    [
        {b"content-length": b"+3"},
        {b"content-length": b""},
        {b"content-length": b"9" * 5000},
        {b"content-length": b"3", b"transfer-encoding": b"chunked"},
    ],
)
def test_contradictory_framing_is_refused_whatever_the_server_is(headers) -> None:
    with pytest.raises(BadRequest):
        declared_length(headers)


class Steps:
    """An awaitable as servers in other languages have it: an iterator, and no generator."""

    def __init__(self, waiting, message):
        self._waiting = iter(waiting)
        self._message = message

    def __await__(self):
        return self

    def __next__(self):
        for future in self._waiting:
            future._asyncio_future_blocking = True
            return future
        raise StopIteration(self._message)


@pytest.mark.parametrize("limited", [False, True])
def test_a_body_that_comes_late_is_awaited_whatever_the_server_is(limited) -> None:
    scope = {"type": "http", "http_version": "1.1", "headers": [(b"content-length", b"2")]}
    sent = []

    async def send(message):
        sent.append(message)

    async def read() -> bytes:
        loop = asyncio.get_running_loop()
        several = [loop.create_future(), loop.create_future()]
        for number, future in enumerate(several):
            loop.call_later(0.01 * (number + 1), future.set_result, None)
        parts = iter(
            [
                Steps(several, {"type": "http.request", "body": b"a", "more_body": True}),
                Steps([], {"type": "http.request", "body": b"b"}),
            ]
        )
        if not limited:
            return await read_body(scope, lambda: next(parts), LIMIT)
        await guarded(scope, lambda: next(parts), send)
        return sent[-1]["body"] * 2

    assert asyncio.run(read()) == (b"22" if limited else b"ab")


def test_a_body_that_never_comes_is_given_up_whatever_the_server_is() -> None:
    scope = {"type": "http", "http_version": "1.1", "headers": [(b"content-length", b"2")]}

    async def read() -> bytes:
        never = asyncio.get_running_loop().create_future()
        return await read_body(scope, lambda: Steps([never], None), LIMIT, Patience(0.05, 10**9))

    with pytest.raises(RequestTimeout):
        asyncio.run(read())
