"""How tests hear the events of channels: by websockets, over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed

from servey_channels.client.opening import opened as connected
from servey_channels.settings import ChannelSettings
from servey_channels.transport import WebsocketTransport
from servey_core import (
    Authorization,
    Channel,
    ChannelSurface,
    Heard,
    Problem,
    Publisher,
    Runtime,
    Unauthorized,
    WebsocketChannel,
)
from servey_web import served, token_of

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

    from servey_channels.listening import Listening

WEBSOCKET = "websocket"
_SECONDS = 60.0
"""How long an event is waited for."""


def event_surface(runtime: Runtime) -> ChannelSurface:
    """The surface `websocket`, which every websocket channel has.

    Args:
        runtime: The application.
    """

    @asynccontextmanager
    async def opened() -> AsyncIterator[Publisher]:
        path = runtime.settings.group(ChannelSettings).channels_path
        async with served(runtime) as url:
            host = _listening_of(runtime)
            yield _Publisher(runtime, host, f"ws{url.removeprefix('http')}{path}")

    return ChannelSurface(WEBSOCKET, lambda one: isinstance(one, WebsocketChannel), opened)


class _Publisher:
    """Publishes to clients of a host that is being served.

    Args:
        runtime: The application.
        host: Listens by the host's own hub.
        url: Where clients connect.
    """

    def __init__(self, runtime: Runtime, host: "Listening", url: str) -> None:
        self._runtime = runtime
        self._host = host
        self._url = url

    async def __call__(
        self, channel: Channel[Any], event: Any, listeners: Sequence[Authorization | None]
    ) -> Sequence[Heard]:
        assert isinstance(channel, WebsocketChannel)  # noqa: S101 - the surface serves no other
        async with AsyncExitStack() as stack, asyncio.timeout(_SECONDS):
            ears = [
                await stack.enter_async_context(self._listening(channel, one)) for one in listeners
            ]
            await self._publish(channel, event)
            return [await ear.heard() for ear in ears]

    async def _publish(self, channel: WebsocketChannel[Any], event: Any) -> None:
        """Publish, and wait until the host has told all listeners: the last one hears all."""
        everything = replace(channel, event_filter=None)
        async with self._host.listen(everything, None) as events:
            await channel.apublish(event)
            await anext(events)

    @asynccontextmanager
    async def _listening(
        self, channel: WebsocketChannel[Any], listener: Authorization | None
    ) -> AsyncIterator["_Ear"]:
        token = None if listener is None else token_of(self._runtime, listener)
        async with await connected(f"{self._url}/{channel.name}", token, proxy=None) as connection:
            ear = _Ear(connection)
            await ear.listen()
            yield ear


class _Ear:
    """The client's end of one websocket."""

    def __init__(self, connection: "ClientConnection") -> None:
        self._connection = connection
        self._problem: Mapping[str, Any] | None = None

    async def listen(self) -> None:
        """Wait until the channel is subscribed to, or refused."""
        try:
            while (message := await self._next())["type"] not in ("subscribed", "error"):
                pass
            self._problem = message.get("problem")
        except ConnectionClosed as closed:
            error = Unauthorized(f"It was hung up: {closed}.")
            self._problem = Problem.of(error).to_dict()

    async def heard(self) -> Heard:
        """What has come since; what the server was told to say goes before its answer to a ping."""
        if self._problem is not None:
            return Heard(problem=self._problem)
        await self._connection.send(json.dumps({"type": "ping"}))
        events = []
        while (message := await self._next())["type"] != "pong":
            if message["type"] == "event":
                events.append(message["data"])
        return Heard(tuple(events))

    async def _next(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await self._connection.recv())
        return found


def _listening_of(runtime: Runtime) -> "Listening":
    """What listens by the hub that was the last to begin in this event loop."""
    channel = next(one for one in runtime.channels.values() if isinstance(one, WebsocketChannel))
    transport = runtime.transport_of(channel)
    assert isinstance(transport, WebsocketTransport)  # noqa: S101 - see the plugin
    assert transport.listening is not None  # noqa: S101 - channels are served here
    return transport.listening
