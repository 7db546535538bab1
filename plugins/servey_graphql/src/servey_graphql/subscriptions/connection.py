"""One websocket of `graphql-transport-ws`, from its acceptance until it has gone."""

import asyncio
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Scope, Send

from servey_core import Authorization, BadRequest, TooManyRequests, Unauthorized
from servey_core.problems import new_instance
from servey_graphql.contexts import OperationContext
from servey_graphql.serving.responses import written
from servey_graphql.subscriptions.messages import (
    Complete,
    Init,
    Ping,
    Subscribe,
    read_message,
)
from servey_graphql.subscriptions.results import OperationFailed
from servey_web import authorization_of, leaving_of

if TYPE_CHECKING:
    from servey_graphql.serving.documents import Operation
    from servey_graphql.subscriptions.sockets import Sockets

RESTARTING = 1012
"""The server leaves (RFC 6455's registry); clients come back."""
BAD_MESSAGE, EARLY, FORBIDDEN, NO_INIT, TAKEN, TWICE = 4400, 4401, 4403, 4408, 4409, 4429
"""The protocol's own codes, and 4403, which clients take as a reason to renew their token."""

INIT_SECONDS = 10.0
"""How long a client may take to open the connection."""

_CLOSE_SECONDS = 5.0
_LONGEST_REASON = 123  # in bytes, RFC 6455, section 5.5


class HangUp(Exception):  # noqa: N818 - what is to be done
    """The connection has to end.

    Attributes:
        code: The code to close with.
        reason: Why.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(slots=True, eq=False)
class _Running:
    """An operation under way."""

    streams: bool
    task: "asyncio.Task[None] | None" = field(default=None)


class Connection:
    """A client.

    Args:
        sockets: All clients of this process.
        scope: The handshake.
        receive: ASGI's.
        send: ASGI's.
        authorization: Who it is, by its headers.
    """

    def __init__(
        self,
        sockets: "Sockets",
        scope: Scope,
        receive: Receive,
        send: Send,
        authorization: Authorization | None,
    ) -> None:
        self._sockets = sockets
        self._scope = scope
        self._receive = receive
        self._send = send
        self._authorization = authorization
        self._is_open = False
        self._running: dict[str, _Running] = {}
        self._given_up: set[asyncio.Task[None]] = set()
        self._late: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Serve the client until it has gone."""
        hearing = asyncio.ensure_future(self._hear())
        leaving = asyncio.ensure_future(leaving_of(self._scope).wait())
        self._allow(INIT_SECONDS)
        ends = (hearing, leaving, self._late)
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            if hearing.done():
                hearing.result()
            else:
                await self._close(self._due(is_leaving=leaving.done()))
        except HangUp as end:
            await self._close(end)
        finally:
            for waiting in ends:
                waiting.cancel()
            self._allow(None)
            for identity in list(self._running):
                self._stop(identity)

    async def _hear(self) -> None:
        while (message := await self._receive())["type"] != "websocket.disconnect":
            text = message.get("text")
            if text is None:
                raise HangUp(BAD_MESSAGE, "Messages are texts.")
            try:
                said = read_message(text)
            except BadRequest as error:
                raise HangUp(BAD_MESSAGE, error.detail) from None
            if isinstance(said, Init):
                await self._open(said)
            elif isinstance(said, Ping):
                await self._tell({"type": "pong"})
            elif isinstance(said, Subscribe):
                await self._start(said)
            elif isinstance(said, Complete):
                self._stop(said.id)

    async def _open(self, said: Init) -> None:
        if self._is_open:
            raise HangUp(TWICE, "Too many initialisation requests")
        if said.authorization is not None:
            field_lines = [(b"authorization", said.authorization.encode("utf-8", "replace"))]
            try:
                self._authorization = authorization_of(
                    {"type": "websocket", "headers": field_lines}, self._sockets.authorizer
                )
            except Unauthorized:
                raise HangUp(FORBIDDEN, "Forbidden") from None
        self._is_open = True
        self._allow(_seconds_left(self._authorization))
        await self._tell({"type": "connection_ack"})

    async def _start(self, said: Subscribe) -> None:
        identity = said.id
        if not self._is_open:
            raise HangUp(EARLY, "Unauthorized")
        if identity in self._running:
            raise HangUp(TAKEN, f"Subscriber for {identity} already exists")
        client = self._scope.get("client")
        context = OperationContext(
            self._authorization, new_instance(), client[0] if client else None
        )
        try:
            if len(self._running) + len(self._given_up) >= self._sockets.max_operations:
                error = TooManyRequests("This connection has as many operations as it may have.")
                raise self._sockets.results.failure(error, context)
            operation = self._sockets.results.operation(said.asked, context)
        except OperationFailed as error:
            await self._tell({"type": "error", "id": identity, "payload": error.errors})
            return
        running = self._running[identity] = _Running(operation.streams)
        running.task = asyncio.create_task(self._operate(running, said, operation, context))
        self._sockets.keep(running.task)

    async def _operate(
        self, running: _Running, said: Subscribe, operation: "Operation", context: OperationContext
    ) -> None:
        """Tell the results of an operation, as long as the client wants them."""
        identity = said.id
        results = self._sockets.results.of(operation, said.asked.variables, context)
        last: dict[str, Any] = {"type": "complete", "id": identity}
        head = written({"type": "next", "id": identity})[:-1]
        try:
            async with aclosing(results):
                async for result in results:
                    if self._running.get(identity) is running:
                        await self._send_text(b'%b,"payload":%b}' % (head, result))
        except OperationFailed as error:
            last = {"type": "error", "id": identity, "payload": error.errors}
        if self._running.get(identity) is running:
            del self._running[identity]
            await self._tell(last)

    def _stop(self, identity: str) -> None:
        """Give an operation up: subscriptions end, and what others do is done to its end."""
        running = self._running.pop(identity, None)
        if running is None or running.task is None:
            return
        if running.streams:
            running.task.cancel()
        else:
            self._given_up.add(running.task)
            running.task.add_done_callback(self._given_up.discard)

    def _allow(self, seconds: float | None) -> None:
        """Let the client stay for so long from now on; None for as long as it likes."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        if not self._late.done():
            self._late.set_result(None)

    def _due(self, *, is_leaving: bool) -> HangUp:
        """Why the server hangs up of itself."""
        if is_leaving:
            return HangUp(RESTARTING, "The server leaves")
        if self._is_open:
            return HangUp(FORBIDDEN, "The token has expired")
        return HangUp(NO_INIT, "Connection initialisation timeout")

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._send_text(written(message))

    async def _send_text(self, text: bytes) -> None:
        with suppress(OSError, RuntimeError):  # the client has gone, which `_hear` hears of
            await self._send({"type": "websocket.send", "text": text.decode()})

    async def _close(self, end: HangUp) -> None:
        reason = end.reason.encode()[:_LONGEST_REASON].decode("utf-8", "ignore")
        with suppress(OSError, RuntimeError, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._send({"type": "websocket.close", "code": end.code, "reason": reason})


def _seconds_left(authorization: Authorization | None) -> float | None:
    """For how long somebody may stay; None for any time."""
    expires_at = authorization.expires_at if authorization else None
    return None if expires_at is None else max(0.0, expires_at.timestamp() - time.time())
