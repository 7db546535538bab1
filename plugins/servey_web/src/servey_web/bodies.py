"""Request bodies, of bounded size and in bounded time."""

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servey_core.errors import (
    BadRequest,
    PayloadTooLarge,
    ProblemError,
    RequestTimeout,
    ServeyError,
    UnsupportedMediaType,
)
from servey_core.problems import Problem
from servey_web.cycles import taken_body
from servey_web.responses import respond
from servey_web.scopes import MAX_BODY, headers_of, instance_of
from servey_web.settings import WebSettings

_MAX_DIGITS = 18


class ClientDisconnected(ServeyError):  # noqa: N818 - it is no error of ours
    """The caller left before its request was read; there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a body may take to arrive.

    Attributes:
        seconds: How long at first.
        bytes_per_second: How many bytes earn one more second.
    """

    seconds: float = 20.0
    bytes_per_second: int = 1024

    @classmethod
    def of(cls, settings: WebSettings) -> "Patience":
        """The patience that the settings ask for."""
        return cls(settings.body_timeout, settings.body_min_rate)


PATIENCE = Patience()


def declared_length(headers: dict[bytes, bytes]) -> int | None:
    """The length that `Content-Length` declares; None where there is none.

    Raises:
        BadRequest: It is not a number, or comes with `Transfer-Encoding` (RFC 9112, section 6.3).
    """
    value = headers.get(b"content-length")
    if value is None:
        return None
    if not value.isdigit() or len(value) > _MAX_DIGITS:
        raise BadRequest("The Content-Length is not a number.")
    if b"transfer-encoding" in headers:
        raise BadRequest("Content-Length and Transfer-Encoding contradict each other.")
    return int(value)


def may_have_body(scope: Scope) -> bool:
    """Whether the request's framing says that a body follows."""
    headers = headers_of(scope)
    if b"content-length" in headers or b"transfer-encoding" in headers:
        return True
    return not scope["http_version"].startswith("1")


async def read_body(
    scope: Scope, receive: Receive, limit: int, patience: Patience = PATIENCE
) -> bytes:
    """Read a request's body whole.

    Args:
        scope: The request.
        receive: The request's own `receive`.
        limit: The largest body to accept, in bytes; one that is declared larger is not read at
            all, and one that turns out larger no further.
        patience: How long it may take.

    Raises:
        PayloadTooLarge: It is larger.
        RequestTimeout: It came too slowly.
        BadRequest: Its framing is contradictory.
        UnsupportedMediaType: It is compressed.
        ClientDisconnected: The caller left.
    """
    begun = begin_body(scope, receive, limit, patience)
    return begun if isinstance(begun, bytes) else await begun.rest()


def begin_body(
    scope: Scope,
    receive: Receive,
    limit: int,
    patience: Patience = PATIENCE,
    cycle: Any | None = None,
) -> "bytes | BoundedBody":
    """Begin to read a request's body whole, without waiting; most have arrived by then.

    The errors are those of `read_body`, and so are the other arguments.

    Args:
        scope: The request.
        receive: The request's own `receive`.
        limit: The largest body to accept, in bytes.
        patience: How long it may take.
        cycle: What `cycles.cycle_of` gives for the request.

    Returns:
        The body, where all of it has arrived; else what to await the `rest()` of.
    """
    headers = headers_of(scope)
    if b"content-length" not in headers and not may_have_body(scope):
        return b""
    declared = _declared(headers)
    if declared is not None and declared > limit:
        _too_large(limit)
    if cycle is not None and (arrived := taken_body(cycle)) is not None:
        return arrived if len(arrived) <= limit else _too_large(limit)
    steps = receive().__await__()
    begun: Begun
    try:
        begun = steps, next(steps)
    except StopIteration as arrived:
        begun = message = arrived.value
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            if len(body) <= limit:
                return body
    return BoundedBody(receive, limit, patience, declared, begun)


async def body_chunks(
    scope: Scope, receive: Receive, limit: int, patience: Patience = PATIENCE
) -> AsyncGenerator[bytes, None]:
    """Read a request's body in the parts that it arrives in, none of which is empty.

    Args:
        scope: The request.
        receive: The request's own `receive`.
        limit: The largest body to accept, in bytes.
        patience: How long it may take.

    Raises:
        PayloadTooLarge: It is larger.
        RequestTimeout: It came too slowly.
        BadRequest: Its framing is contradictory.
        UnsupportedMediaType: It is compressed.
        ClientDisconnected: The caller left.
    """
    if not may_have_body(scope):
        return
    body = _bounded(scope, receive, limit, patience)
    while not body.complete:
        message = await body.receive()
        if chunk := message.get("body"):
            yield chunk


def _bounded(scope: Scope, receive: Receive, limit: int, patience: Patience) -> "BoundedBody":
    return BoundedBody(receive, limit, patience, _declared(headers_of(scope)))


def _declared(headers: dict[bytes, bytes]) -> int | None:
    """The length that is declared of a body that can be read as it is."""
    if b"content-encoding" in headers and headers[b"content-encoding"].lower() != b"identity":
        raise UnsupportedMediaType(
            "The body must not be compressed.", headers={"Accept-Encoding": "identity"}
        )
    return declared_length(headers)


Begun = Message | tuple[Iterator[Any], Any] | None
"""What the first call of a `receive` gave, or its steps, of which the first has been taken."""


class BoundedBody:
    """A `receive` that stops at a limit of size and of time.

    Args:
        receive: The request's own `receive`.
        limit: The largest body, in bytes.
        patience: How long it may take.
        declared: What `Content-Length` says.
        begun: How far the first call of `receive` has come; None where there was none.

    Attributes:
        complete: Whether all of the body has been received.
    """

    __slots__ = ("_begun", "_limit", "_patience", "_receive", "_received", "_since", "complete")

    def __init__(
        self,
        receive: Receive,
        limit: int,
        patience: Patience,
        declared: int | None,
        begun: Begun = None,
    ) -> None:
        if declared is not None and declared > limit:
            _too_large(limit)
        self._receive = receive
        self._limit = limit
        self._patience = patience
        self._received = 0
        self._since: float | None = None
        self._begun = begun
        self.complete = False

    async def rest(self) -> bytes:
        """Receive all that is left, with the errors of `receive`."""
        chunks = []
        while not self.complete:
            message = await self.receive()
            chunks.append(message.get("body", b""))
        return b"".join(chunks)

    async def receive(self) -> Message:
        """Receive the next part of the body.

        Raises:
            PayloadTooLarge: It goes beyond the limit.
            RequestTimeout: It came too slowly.
            ClientDisconnected: The caller left.
        """
        begun, self._begun = self._begun, None
        if begun is None:
            steps = self._receive().__await__()
            try:
                begun = steps, next(steps)
            except StopIteration as arrived:
                begun = arrived.value
        return self._counted(await self._late(*begun) if isinstance(begun, tuple) else begun)

    def _counted(self, message: Message) -> Message:
        if message["type"] == "http.disconnect":
            raise ClientDisconnected
        self._received += len(message.get("body", b""))
        if self._received > self._limit:
            _too_large(self._limit)
        self.complete = not message.get("more_body")
        return message

    async def _late(self, steps: Iterator[Any], first: Any) -> Message:
        """Wait for what has not arrived yet: only this pays for a timer."""
        if self._since is None:
            self._since = asyncio.get_running_loop().time()
        earned = self._received / self._patience.bytes_per_second
        try:
            async with asyncio.timeout_at(self._since + self._patience.seconds + earned):
                return await _Begun(steps, first)
        except TimeoutError:
            raise RequestTimeout("The request's body came too slowly.") from None


class _Begun:
    """Goes on with an awaitable whose first step has been taken.

    Its steps are an iterator (PEP 492): where a server is not written in Python, they need not be a
    generator, and take nothing that is sent or thrown in.
    """

    __slots__ = ("_first", "_steps")

    def __init__(self, steps: Iterator[Any], first: Any) -> None:
        self._steps = steps
        self._first: tuple[Any, ...] = (first,)

    def __await__(self) -> Generator[Any, Any, Message]:
        """Await it; what is thrown in meanwhile, such as a cancellation, is its own to handle."""
        return self  # type: ignore[return-value]

    def __next__(self) -> Any:
        """Take the next step."""
        if self._first:
            (first,), self._first = self._first, ()
            return first
        return next(self._steps)

    def throw(self, error: BaseException) -> Any:
        """Take the next step, with an error."""
        if isinstance(self._steps, Generator):
            return self._steps.throw(error)
        raise error

    def close(self) -> None:
        """Take no further step."""
        if isinstance(self._steps, Generator):
            self._steps.close()


def _too_large(limit: int) -> NoReturn:
    raise PayloadTooLarge(f"The request's body is larger than {limit} bytes.", limit=limit)


def limit_body(app: ASGIApp, limit: int, patience: Patience = PATIENCE) -> ASGIApp:
    """Bound the bodies that reach an application which reads them itself.

    Args:
        app: The application; whatever it makes of the error that it sees, the caller is answered
            413 or 408.
        limit: The largest body, in bytes; `scope["servey.max_body"]`, where a route has set it by
            the time that it reads, goes before.
        patience: How long it may take.
    """

    async def limited(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not may_have_body(scope):
            await app(scope, receive, send)
            return
        guard = _Guard(scope, receive, send, limit, patience)
        try:
            await app(scope, guard.receive, guard.send)
        except Exception:
            if not guard.refused:
                raise

    return limited


class _Guard:
    """One request to a foreign application."""

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, limit: int, patience: Patience
    ) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._limit = limit
        self._patience = patience
        self._body: BoundedBody | None = None
        self._started = False
        self.refused = False

    async def receive(self) -> Message:
        if self._body is not None and self._body.complete:
            return await self._receive()
        try:
            return await self._bounded().receive()
        except ClientDisconnected:
            return {"type": "http.disconnect"}
        except ProblemError as error:
            await self._refuse(error)
            raise

    async def send(self, message: Message) -> None:
        if not self.refused:
            self._started = True
            await self._send(message)

    def _bounded(self) -> BoundedBody:
        if self._body is None:
            limit = self._scope.get(MAX_BODY, self._limit)
            declared = declared_length(headers_of(self._scope))
            self._body = BoundedBody(self._receive, limit, self._patience, declared)
        return self._body

    async def _refuse(self, error: ProblemError) -> None:
        if not self._started and not self.refused:
            self.refused = True
            await respond(self._send, Problem.of(error, instance=instance_of(self._scope)))
