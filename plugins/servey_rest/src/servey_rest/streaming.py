"""Streams as responses that leave in parts: as server-sent events, JSON lines, or as they are.

A stream is server-sent events (the HTML standard, section 9.2) for callers that ask for them, and
else JSON lines, an item on each; where its content type is told, the items leave as they are.
Nothing is sent before the first item is there, so that what fails before it is answered by a
problem. Only where the first event is late, a comment goes ahead of it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from starlette.types import Receive, Scope, Send

from servey_core import Outcome, Problem, ProblemError, Signature
from servey_core.errors import Unavailable
from servey_rest.bodies import Write
from servey_web import ClientDisconnected, Head, RawHeaders, headers_of, leaving_of

MakeHead = Callable[[], Head]

EVENT_STREAM = "text/event-stream"
JSON_LINES = "application/jsonl"
KEEP_ALIVE_SECONDS = 15.0
_PARTS_AT_ONCE = 4
"""After how many parts others have a turn; asyncio warns of more to a caller who has left."""

_ACCEPTS_EVENTS = re.compile(rb"(^|,)[ \t]*text/event-stream[ \t]*(;|,|$)", re.IGNORECASE)
_COMMENT = b":\n\n"


@dataclass(frozen=True, slots=True)
class Framing:
    """How the items of a stream are told apart.

    Attributes:
        content_type: The content type.
        write: What writes an item.
        problem: What writes a problem after the items; None where that cannot be told apart.
        chosen: Whether the request chose it.
    """

    content_type: str
    write: Write
    problem: Callable[[Problem], bytes] | None = None
    chosen: bool = True

    @property
    def fields(self) -> RawHeaders:
        """The header fields; the second asks proxies to hand each part on at once."""
        content_type = self.content_type.encode("latin-1")
        fields = [(b"content-type", content_type), (b"x-accel-buffering", b"no")]
        return [*fields, (b"vary", b"accept")] if self.chosen else fields


def choose_framing(signature: Signature, write: Write) -> Callable[[Scope], Framing]:
    """What chooses the framing of a stream by the request.

    Args:
        signature: The action's.
        write: What writes an item where the content type is told.
    """
    if (told := signature.returned.content_type) is not None:
        framing = Framing(told, write, chosen=False)
        return lambda _: framing
    to_json = signature.item_to_json
    lines = Framing(JSON_LINES, lambda item: to_json(item) + b"\n")
    events = Framing(EVENT_STREAM, lambda item: b"data: %b\n\n" % to_json(item), _failure_event)

    def choose(scope: Scope) -> Framing:
        accept = headers_of(scope).get(b"accept", b"")
        return events if _ACCEPTS_EVENTS.search(accept) else lines

    return choose


class Parts:
    """A response that leaves in parts.

    Args:
        send: The request's own `send`.
        head: Gives the status and the header fields, when the first part is there.

    Attributes:
        begun: Whether anything has been sent.
    """

    def __init__(self, send: Send, head: MakeHead) -> None:
        self._send = send
        self._head = head
        self._loop = asyncio.get_running_loop()
        self._sent_at = self._loop.time()
        self._number = 0
        self._turn = asyncio.Lock()
        self.begun = False

    async def send(self, part: bytes, *, more: bool = True) -> None:
        """Send a part, after the header where it is the first."""
        async with self._turn:
            if not self.begun:
                status, fields = self._head()
                self.begun = True
                start = {"type": "http.response.start", "status": status, "headers": fields}
                await self._send(start)
            await self._send({"type": "http.response.body", "body": part, "more_body": more})
            self._sent_at = self._loop.time()
        self._number += 1
        if self._number % _PARTS_AT_ONCE == 0:
            await asyncio.sleep(0)  # it may be that nothing else makes it wait

    async def end(self) -> None:
        """Send that there is no more."""
        await self.send(b"", more=False)

    async def keep_alive(self) -> None:
        """Send a comment whenever nothing else has been sent for a while."""
        while True:
            wait = self._sent_at + KEEP_ALIVE_SECONDS - self._loop.time()
            if wait <= 0:
                await self.send(_COMMENT)
            else:
                await asyncio.sleep(wait)


async def send_stream(
    outcome: Outcome,
    framing: Framing,
    parts: Parts,
    departure: Coroutine[Any, Any, Exception],
    to_problem: Callable[[ProblemError], Problem],
) -> None:
    """Send a stream until it ends, or there is nobody to send it; it is closed in any case.

    Args:
        outcome: What the action returned.
        framing: How its items are told apart.
        parts: The response.
        departure: What ends the stream; it gives what is raised then.
        to_problem: Shows an error to the caller.

    Raises:
        ProblemError: The stream failed, and cannot say so.
        ClientDisconnected: The caller left.
    """
    try:
        async with (
            _kept_alive(parts, framing),
            _ended_by(departure),
            aclosing(outcome.items(framing.write)) as items,
        ):
            async for part in items:
                await parts.send(part)
    except ProblemError as error:
        if not parts.begun or framing.problem is None:
            raise
        await parts.send(framing.problem(to_problem(error)))
    await parts.end()


async def departure_of(scope: Scope, receive: Receive) -> Exception:
    """Wait until the caller leaves, or the server does, and say which as an exception."""
    left = asyncio.ensure_future(_disconnected(receive))
    waiting = {left, asyncio.ensure_future(leaving_of(scope).wait())}
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        return ClientDisconnected() if left.done() else Unavailable("The server is stopping.")
    finally:
        for one in waiting:
            one.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@asynccontextmanager
async def _kept_alive(parts: Parts, framing: Framing) -> AsyncIterator[None]:
    """Send comments, where there are such, for as long as the context is open."""
    if framing.problem is None:
        yield
        return
    keeping = asyncio.ensure_future(parts.keep_alive())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait((keeping,))
        if not keeping.cancelled():
            keeping.exception()  # which the next part has met, too


@asynccontextmanager
async def _ended_by(departure: Coroutine[Any, Any, Exception]) -> AsyncIterator[None]:
    """Cancel what is inside when `departure` is done, and raise what that gives."""
    departing = asyncio.ensure_future(departure)

    def cut(_: object) -> None:
        with suppress(RuntimeError):  # it is over already
            inside.reschedule(0.0)

    try:
        async with asyncio.timeout(None) as inside:
            departing.add_done_callback(cut)
            yield
    except TimeoutError:
        if not inside.expired():
            raise
        raise departing.result() from None
    finally:
        departing.cancel()


def _failure_event(problem: Problem) -> bytes:
    return b"event: problem\ndata: %b\n\n" % problem.to_json()
