"""Headers of bounded size and in bounded time, and what is relied upon in uvicorn."""

import inspect
from contextlib import ExitStack, contextmanager
from select import select

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from servey_web.bodies import Patience, read_body
from servey_web.protocols import REQUIRED, BoundedProtocol, bounded_protocol
from servey_web.responses import respond_bytes
from servey_web.server import uvicorn_config
from servey_web.settings import WebSettings

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n"


async def hello(scope, receive, send):
    await respond_bytes(send, 200, b"text/plain", b"%d" % len(scope["headers"]))


def test_the_installed_uvicorn_is_as_expected() -> None:
    assert bounded_protocol(WebSettings()) is not None
    signatures = {
        name: list(inspect.signature(getattr(HttpToolsProtocol, name)).parameters)[1:]
        for name in REQUIRED
    }
    assert signatures == {
        "connection_made": ["transport"],
        "connection_lost": ["exc"],
        "data_received": ["data"],
        "on_headers_complete": [],
        "on_body": ["body"],
        "on_response_complete": [],
        "pause_writing": [],
        "resume_writing": [],
        "send_400_response": ["msg"],
    }
    names = HttpToolsProtocol.__init__.__code__.co_names
    for attribute in (
        "scope",
        "headers",
        "cycle",
        "transport",
        "timeout_keep_alive_task",
        "parser",
        "pipeline",
        "expect_100_continue",
    ):
        assert attribute in names
    names = RequestResponseCycle.__init__.__code__.co_names
    assert {"disconnected", "keep_alive", "message_event", "more_body"} <= set(names)
    assert {"response_complete", "response_started"} <= set(names)


def test_the_server_uses_it_and_another_uvicorn_gets_its_own(monkeypatch) -> None:
    assert issubclass(uvicorn_config(hello, WebSettings()).http, BoundedProtocol)
    monkeypatch.setattr(HttpToolsProtocol, "send_400_response", None)
    assert uvicorn_config(hello, WebSettings()).http == "h11"


@pytest.mark.parametrize(
    "headers",
    [
        b"X-Big: " + b"x" * 200_000,
        b"\r\n".join(b"X-%d: x" % number for number in range(20_000)),
        b"X-Big: " + b"x" * 66_000,
    ],
    ids=["one big", "many small", "just above"],
)
def test_large_headers_are_refused(run_server, headers) -> None:
    server = run_server(hello)
    answer = server.exchange(GET + headers + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"application/problem+json" in answer
    assert server.exchange(GET + b"Connection: close\r\n\r\n").startswith(b"HTTP/1.1 200 ")


def test_large_headers_are_refused_also_where_they_begin_behind_another_request(run_server) -> None:
    server = run_server(hello)
    with server.connect() as connection:
        connection.sendall(GET + b"\r\n" + GET + b"X-Big: " + b"x" * 60_000)
        assert server.read_response(connection).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"x" * 30_000 + b"\r\n\r\n")
        assert server.read_response(connection).startswith(b"HTTP/1.1 431 ")


def test_headers_that_never_end_are_cut_while_they_come(run_server) -> None:
    with run_server(hello).connect() as connection:
        connection.sendall(GET + b"X-Big: ")
        with pytest.raises(OSError):  # noqa: PT012 - reset, or broken pipe
            for _ in range(10_000):
                connection.sendall(b"x" * 65_536)


def test_headers_below_the_limit_are_accepted(run_server) -> None:
    answer = run_server(hello).exchange(
        GET + b"X-Big: " + b"x" * 60_000 + b"\r\nConnection: close\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 ")


def test_a_large_body_in_one_piece_is_not_taken_for_headers(run_server) -> None:
    with run_server(hello).client() as client:
        assert client.post("/", content=b"x" * 500_000).status_code == 200


def test_trailers_are_bounded_and_never_become_headers(run_server) -> None:
    seen = []

    async def read(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        seen.append(dict(scope["headers"]))
        await hello(scope, receive, send)

    server = run_server(read)
    chunked = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    )
    assert server.exchange(chunked + b"Authorization: x\r\n\r\n").startswith(b"HTTP/1.1 200 ")
    assert b"authorization" not in seen[0]
    with server.connect() as connection:
        connection.sendall(chunked)
        with pytest.raises(OSError):  # noqa: PT012
            for _ in range(10_000):
                connection.sendall(b"X-Trailer: " + b"x" * 60_000 + b"\r\n")


def test_what_is_not_http_is_answered_with_a_problem(run_server) -> None:
    answer = run_server(hello).exchange(b"\x16\x03\x01 hello\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"application/problem+json" in answer


def test_slow_headers_are_cut_and_silence_is_hung_up_on(run_server) -> None:
    server = run_server(hello, header_timeout=1)
    assert server.exchange(GET).startswith(b"HTTP/1.1 408 ")
    assert server.exchange(b"") == b""
    with server.connect() as connection:
        connection.sendall(GET + b"\r\n")
        assert server.read_response(connection).startswith(b"HTTP/1.1 200 ")
        connection.sendall(GET)
        assert server.read_response(connection).startswith(b"HTTP/1.1 408 ")


def test_a_stray_line_break_does_not_keep_a_connection_for_ever(run_server) -> None:
    server = run_server(hello, header_timeout=1, keep_alive_seconds=60)
    with server.connect() as connection:
        connection.sendall(GET + b"\r\n")
        assert server.read_response(connection).startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"\r\n")
        while connection.recv(65536):
            pass


@contextmanager
def half_open(run_server, seconds):
    """A server with hundreds of callers that never end what they send, and those."""

    async def reading(scope, receive, send):
        await read_body(scope, receive, 1000, Patience(seconds))
        await hello(scope, receive, send)

    server = run_server(reading, header_timeout=seconds)
    slow_body = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx"
    with ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(200)]
        for number, connection in enumerate(connections):
            connection.sendall(slow_body if number % 2 else GET + b"X-Slow: ")
        yield server, connections


def test_hundreds_of_half_open_connections_delay_nobody(run_server) -> None:
    with half_open(run_server, 60) as (server, connections):
        with server.client() as client:
            assert client.get("/").status_code == 200
        assert select(connections, [], [], 0)[0] == []


def test_hundreds_of_half_open_connections_are_all_cut(run_server) -> None:
    with half_open(run_server, 2) as (server, connections):
        answers = [server.read_response(connection) for connection in connections]
    assert {answer[:13] for answer in answers} == {b"HTTP/1.1 408 "}
