"""One websocket client, from its acceptance until it has gone."""

import asyncio
import logging
import time
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Scope

from servey_channels.hub.messages import subscribed_message, told
from servey_channels.sockets.messages import (
    Authorize,
    ClientMessage,
    Ping,
    SendMessage,
    Subscribe,
    UnreadableMessage,
    Unsubscribe,
    read_message,
)
from servey_channels.sockets.writers import SocketWriter
from servey_core import (
    Authorization,
    InternalError,
    NotFound,
    Position,
    Problem,
    ProblemError,
    TooManyRequests,
)
from servey_core.access import authorise
from servey_web import instance_of

if TYPE_CHECKING:
    from servey_channels.hub.subscriptions import AnyChannel
    from servey_channels.sockets.admission import Guest
    from servey_channels.sockets.clients import Clients

EXPIRED = 4401
"""The token has expired, and was not renewed."""

REVOKED = 4403
"""The new token may not do what is under way."""

RESTARTING = 1012
"""Service restart (RFC 6455's registry): come back a little later."""

_BINARY_REFUSED = 1003

_SHORT = 16 * 1024
"""What is read of a message too many, to answer by its id, in bytes."""

_log = logging.getLogger("servey.channels")


class Connection:
    """A client; what it says is heard one message after the other.

    Args:
        clients: All clients of this process.
        scope: The handshake.
        writer: Writes to it.
        authorization: Who it is.
        guest: How it was let in.

    Attributes:
        id: Names the connection.
        authorization: Who it is, now.
        deliver: Sends messages, or hangs up on a client that is too slow.
    """

    def __init__(
        self,
        clients: "Clients",
        scope: Scope,
        writer: SocketWriter,
        authorization: Authorization | None,
        guest: "Guest",
    ) -> None:
        self.id = token_urlsafe(16)
        self.authorization = authorization
        self._clients = clients
        self._scope = scope
        self._writer = writer
        self.deliver = writer.send
        self._guest = guest
        self._expiry: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._allowance = clients.inbound_allowance()

    async def run(self, receive: Receive, first: "AnyChannel | None") -> None:
        """Serve the client until it has gone.

        Args:
            receive: ASGI's.
            first: The channel whose own address it came to, to be subscribed to at once.
        """
        self._tell({"type": "welcome", "connection_id": self.id})
        self._await_expiry()
        try:
            if first is not None:
                await self._answer(Subscribe(type="subscribe", channel=first.name))
            while (message := await receive())["type"] == "websocket.receive":
                text = message.get("text")
                if text is None:
                    await self._writer.close(_BINARY_REFUSED, "messages are text")
                    return
                await self._hear(text.encode())
        finally:
            self._leave()

    async def room(self) -> None:
        """Wait until the client has taken most of what it was sent, or has gone."""
        await self._writer.room()

    async def close(self, code: int, reason: str = "") -> None:
        """Hang up."""
        await self._writer.close(code, reason)

    async def ask_to_come_back(self, milliseconds: int) -> None:
        """Hang up as the server leaves, and say when to come back."""
        self._tell({"type": "reconnect", "after_ms": milliseconds})
        await self.close(RESTARTING, "the server restarts")

    def _tell(self, message: Mapping[str, Any]) -> None:
        self.deliver(told(message))

    async def _hear(self, text: bytes) -> None:
        in_time = self._allowance.take()
        if not in_time and len(text) > _SHORT:  # to look for its id would be as much work as it is
            self._refuse(_too_many(), None, None)
            return
        try:
            message = read_message(text)
        except UnreadableMessage as unreadable:
            self._refuse(unreadable.error if in_time else _too_many(), unreadable.id, None)
            return
        if not in_time:
            self._refuse(_too_many(), message.id, getattr(message, "channel", None))
        elif isinstance(message, SendMessage):
            await self._start(message)
        else:
            await self._answer(message)

    async def _answer(self, message: ClientMessage) -> None:
        """Do what is asked, and say so, or what is wrong."""
        try:
            await self._do(message)
        except ProblemError as error:
            self._refuse(error, message.id, getattr(message, "channel", None))
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            task = asyncio.current_task()
            if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
                raise
            # Whatever it is, it ends neither the process nor the client's wait for an answer.
            _log.exception("A message of the connection %s could not be served", self.id)
            failure = InternalError("The server failed; its log has the reason.")
            failure.__cause__ = error
            self._refuse(failure, message.id, getattr(message, "channel", None))

    async def _do(self, message: ClientMessage) -> None:
        match message:
            case Subscribe():
                await self._subscribe(message)
            case Unsubscribe():
                channel = self._channel(message.channel)
                self._clients.hub.unsubscribe(self, channel)
                self._tell({"type": "unsubscribed", "channel": channel.name, "id": message.id})
            case Authorize():
                await self._authorize(message)
            case Ping():
                self._tell({"type": "pong", "id": message.id})
            case SendMessage():
                result = await self._clients.inbound.receive(
                    message.channel, message.data, self.authorization, self._scope
                )
                ack = {"type": "ack", "channel": message.channel, "id": message.id}
                self._tell({**ack, "data": result})

    async def _start(self, message: SendMessage) -> None:
        """Run what a message starts beside what else the client says, but not too much at once."""
        while len(self._sending) >= self._clients.most_at_once:
            await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._answer(message))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _subscribe(self, message: Subscribe) -> None:
        channel, hub = self._channel(message.channel), self._clients.hub
        authorise(channel.access_control, self.authorization)
        mine = hub.subscriptions_of(self)
        if channel not in mine and len(mine) >= self._clients.max_subscriptions:
            raise TooManyRequests("This connection has as many channels as it may have.")

        def announce(place: Position, recovered: bool) -> None:  # noqa: FBT001 - as hubs do
            self.deliver(subscribed_message(channel.name, place, recovered, id=message.id))

        since = message.since.position if message.since else None
        hub.unsubscribe(self, channel)
        await hub.subscribe(self, channel, since, announce)

    async def _authorize(self, message: Authorize) -> None:
        authorization = self._clients.authorizer.authorize(message.token)
        if not self._clients.admission.is_now(self._guest, authorization):
            raise TooManyRequests("This subject has as many connections as it may have.")
        self.authorization = authorization
        self._await_expiry()
        for channel in self._clients.hub.subscriptions_of(self):
            try:
                authorise(channel.access_control, authorization)
            except ProblemError as error:
                self._refuse(error, message.id, channel.name)
                await self.close(REVOKED, "the new token may not do this")
                return
        self._tell({"type": "authorized", "id": message.id, "subject": authorization.subject})

    def _channel(self, name: str) -> "AnyChannel":
        channel = self._clients.channels.get(name)
        if channel is None:
            raise NotFound("There is no such channel.")
        return channel

    def _refuse(self, error: ProblemError, number: Any, channel: str | None) -> None:
        problem = Problem.of(
            error, instance=instance_of(self._scope), development=self._clients.development
        )
        head = {"type": "error", "channel": channel, "id": number}
        self._tell({**head, "problem": problem.to_dict()})

    def _await_expiry(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None
        expires_at = self.authorization.expires_at if self.authorization else None
        if expires_at is not None:
            loop = asyncio.get_running_loop()
            seconds = max(0.0, expires_at.timestamp() - time.time())
            self._expiry = loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        task = asyncio.ensure_future(self.close(EXPIRED, "the token has expired"))
        self._clients.keep(task)

    def _leave(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        for task in self._sending:
            task.cancel()
        hub = self._clients.hub
        for channel in hub.subscriptions_of(self):
            hub.unsubscribe(self, channel)


def _too_many() -> TooManyRequests:
    return TooManyRequests("There are too many messages in a second.")
