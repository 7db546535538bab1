"""Requests without a socket: fresh ASGI scopes, as uvicorn would make them."""

import asyncio
import gc
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from peers import Application

from measuring.cases import Case

Exchange = tuple[dict[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]]
"""What an ASGI application is called with: scope, receive and send."""

_numbers = itertools.count(1)


class Client:
    """The other end of one exchange.

    Attributes:
        messages: What the application has sent.
    """

    __slots__ = ("_body", "_read", "messages")

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._read = False
        self.messages: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        """The body; and then nothing, for the client stays."""
        if self._read:
            await asyncio.Event().wait()
        self._read = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        """Take a message."""
        self.messages.append(message)


def prepared(case: Case, count: int) -> list[Exchange]:
    """Requests to be made; nothing in them has been used before, not even a string's hash.

    What there is by then is none of the garbage collector's business until they are made.
    """
    gc.collect()
    exchanges = [_exchange(case) for _ in range(count)]
    gc.freeze()
    return exchanges


def _exchange(case: Case) -> Exchange:
    client = Client(_body(case))
    return _scope(case), client.receive, client.send


def _scope(case: Case) -> dict[str, Any]:
    path, _, query = case.target.partition(b"?")
    host = (b"host", b"127.0.0.1:8000")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50_000),
        "scheme": "http",
        "root_path": "",
        "headers": [(_fresh(name), _fresh(value)) for name, value in (host, *case.headers)],
        "state": {},
        "method": case.method.encode().decode(),
        "path": path.decode(),
        "raw_path": _fresh(path),
        "query_string": _fresh(query),
    }


def _body(case: Case) -> bytes:
    if not case.digits:
        return _fresh(case.body)
    return case.body.replace(case.digits, b"%0*d" % (len(case.digits), next(_numbers)))


def _fresh(text: bytes) -> bytes:
    return bytes(bytearray(text))


async def check(name: str, app: Application, case: Case) -> None:
    """Make one request, and look at the answer.

    Raises:
        AssertionError: It is not the one that every application should give.
    """
    client = Client(case.body)
    await app(_scope(case), client.receive, client.send)
    status = client.messages[0]["status"]
    body = b"".join(message.get("body", b"") for message in client.messages[1:])
    assert status == 200, f"{name}, {case.title}: {status} {body[:500]!r}"
    assert case.answer_in(body) == case.answer, f"{name}, {case.title}: {body[:500]!r}"


@asynccontextmanager
async def running(app: Application) -> AsyncIterator[None]:
    """Have an application started, and stopped at the end, by the lifespan protocol.

    One that has no lifespan raises at once, and is taken as it is: servers do the same.
    """
    started, stop = asyncio.Event(), asyncio.Event()
    events = iter((("lifespan.startup", None), ("lifespan.shutdown", stop)))

    async def receive() -> dict[str, str]:
        kind, when = next(events)
        if when is not None:
            await when.wait()
        return {"type": kind}

    async def send(message: dict[str, str]) -> None:
        assert not message["type"].endswith(".failed"), message
        started.set()

    living = asyncio.ensure_future(app({"type": "lifespan", "state": {}}, receive, send))
    living.add_done_callback(lambda _: started.set())
    await started.wait()
    if living.done() and isinstance(living.exception(), ValueError):
        yield
        return
    try:
        yield
    finally:
        stop.set()
        await living
