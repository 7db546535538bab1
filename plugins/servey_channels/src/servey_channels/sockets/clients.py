"""All clients of one process: how many there may be, and that they know when the server leaves."""

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.types import Receive, Scope, Send

from servey_channels.hub.hub import Hub
from servey_channels.hub.subscriptions import AnyChannel
from servey_channels.inbound import Inbound
from servey_channels.settings import ChannelSettings
from servey_channels.sockets.admission import Admission
from servey_channels.sockets.allowances import Allowance
from servey_channels.sockets.connection import Connection
from servey_channels.sockets.handshake import SUBPROTOCOL, is_own_page, who_connects
from servey_channels.sockets.writers import TOO_SLOW, writer_of
from servey_core import Authorizer, Runtime, Unauthorized, WebsocketChannel
from servey_web import leaving_of, web_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

TOO_MANY = TOO_SLOW
"""Try again later: there are too many clients."""

_AT_ONCE = 8
_RECONNECT_MILLISECONDS = 5000
_INVALID_TOKEN = 4401


class Clients:
    """The websocket clients of one process.

    Args:
        runtime: The application.
        hub: Gives them their events.
        admission: Counts them.

    Attributes:
        hub: The same.
        admission: The same.
        channels: The channels that there are, by name.
        inbound: What runs for what they send.
        authorizer: What reads their tokens.
        max_subscriptions: How many channels each may have.
        most_at_once: How many actions each may have under way.
        development: Whether they are told the causes of failures.
    """

    def __init__(self, runtime: Runtime, hub: Hub, admission: Admission) -> None:
        self._settings = runtime.settings.group(ChannelSettings)
        web = web_settings(runtime)
        self.hub = hub
        self.admission = admission
        self.channels: Mapping[str, AnyChannel] = {
            name: one for name, one in runtime.channels.items() if isinstance(one, WebsocketChannel)
        }
        self.inbound = Inbound(runtime)
        self.authorizer: Authorizer = runtime.authorizer
        self.max_subscriptions = self._settings.channels_max_subscriptions
        self.most_at_once = _AT_ONCE
        self.development = runtime.settings.core.development
        self._origins = frozenset((*self._settings.channels_origins, *web.cors_origins))
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Future[Any]] = set()
        self._farewell: asyncio.Task[None] | None = None

    def inbound_allowance(self) -> Allowance:
        """How much a new client may say."""
        return Allowance(self._settings.channels_max_inbound)

    async def serve(
        self, scope: Scope, receive: Receive, send: Send, first: AnyChannel | None
    ) -> None:
        """Serve one websocket, from its handshake to its end.

        Args:
            scope: The handshake.
            receive: ASGI's.
            send: ASGI's.
            first: The channel whose own address it is.
        """
        await receive()
        if not is_own_page(scope, self._origins):
            await send({"type": "websocket.close", "code": 1008})
            return
        invalid = None
        try:
            authorization = who_connects(scope, self.authorizer)
        except Unauthorized as error:
            authorization, invalid = None, error
        offered = scope.get("subprotocols", ())
        chosen = SUBPROTOCOL if SUBPROTOCOL in offered else None
        await send({"type": "websocket.accept", "subprotocol": chosen})
        writer = writer_of(send, self._settings.channels_backlog_bytes)
        if invalid is not None:
            await writer.close(_INVALID_TOKEN, "the token is not valid")
            return
        guest = self.admission.admit(scope, authorization)
        if guest is None:
            await writer.close(TOO_MANY, "too many connections")
            return
        connection = Connection(self, scope, writer, authorization, guest)
        self._connections.add(connection)
        self._watch_leaving(scope)
        try:
            await connection.run(receive, first)
        finally:
            self._connections.discard(connection)
            self.admission.leave(guest)

    async def close(self) -> None:
        """Wait for the farewell no longer."""
        if self._farewell is not None:
            self._farewell.cancel()
            with suppress(asyncio.CancelledError):
                await self._farewell

    def keep(self, task: "asyncio.Future[Any]") -> None:
        """Keep a task from being collected before it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _watch_leaving(self, scope: Scope) -> None:
        if self._farewell is None or self._farewell.done():
            self._farewell = asyncio.create_task(self._say_farewell(leaving_of(scope)))

    async def _say_farewell(self, leaving: asyncio.Event) -> None:
        await leaving.wait()
        await asyncio.gather(
            *(
                one.ask_to_come_back(random.randint(0, _RECONNECT_MILLISECONDS))  # noqa: S311
                for one in list(self._connections)
            )
        )
