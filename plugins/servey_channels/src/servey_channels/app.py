"""What stands at the channels' path: a websocket for all channels, and an address for each."""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from inspect import iscoroutinefunction
from typing import Any

from starlette.types import Receive, Scope, Send

from servey_channels.hub.hub import Hub
from servey_channels.inbound import channel_bindings
from servey_channels.listening import Listening
from servey_channels.logs.base import EventLog
from servey_channels.logs.memory import MemoryLog
from servey_channels.settings import ChannelSettings
from servey_channels.sockets.admission import Admission
from servey_channels.sockets.clients import Clients
from servey_channels.streams.endpoint import EventStreams
from servey_channels.transport import WebsocketTransport
from servey_core import ConfigurationError, NotFound, Runtime, WebsocketChannel
from servey_web import WebMount

_POLICY_VIOLATION = 1008


def channels_mount(runtime: Runtime) -> list[WebMount]:
    """What the web host mounts; nothing where there are neither channels nor inbound ones.

    Raises:
        ConfigurationError: Something of them cannot work.
    """
    channels = [one for one in runtime.channels.values() if isinstance(one, WebsocketChannel)]
    bindings = channel_bindings(runtime)
    if not channels and not bindings:
        return []
    for channel in channels:
        _check(channel)
    settings = runtime.settings.group(ChannelSettings)
    app = ChannelsApp(runtime)
    return [WebMount(settings.channels_path, app, bindings, app.lifespan)]


class ChannelsApp:
    """The ASGI application at the channels' path.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._hub = Hub(channel_log(runtime))
        settings = runtime.settings.group(ChannelSettings)
        admission = Admission(settings)
        self._clients = Clients(runtime, self._hub, admission)
        limit = settings.channels_backlog_bytes
        self._streams = EventStreams(self._hub, runtime.authorizer, admission, limit)
        self._limit = limit

    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Follow events while the host serves."""
        async with self._hub.running():
            try:
                with self._listening():
                    yield
            finally:
                await self._clients.close()

    def _listening(self) -> AbstractContextManager[None]:
        """Let others of this process listen by the same hub."""
        transport = _transport(self._runtime)
        if transport is None:
            return nullcontext()
        return transport.listened_by(Listening(self._hub, self._limit))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one client."""
        name = scope["path"].removeprefix(scope.get("root_path", "")).strip("/")
        channel = self._clients.channels.get(name)
        if scope["type"] == "websocket":
            if name and channel is None:
                await receive()
                await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
                return
            await self._clients.serve(scope, receive, send, channel)
            return
        if channel is None:
            raise NotFound("There is no such channel.")
        await self._streams.serve(channel, scope, receive, send)


def _check(channel: WebsocketChannel[Any]) -> None:
    event_filter = channel.event_filter
    if iscoroutinefunction(event_filter) or iscoroutinefunction(
        getattr(event_filter, "__call__", None)  # noqa: B004 - it is an object's that is asked for
    ):
        raise ConfigurationError(
            f"Channel {channel.name!r} ({channel.place}): its event_filter is a coroutine "
            "function. It decides for each subscriber and event, and cannot wait: make it a "
            "function."
        )


def channel_log(runtime: Runtime) -> EventLog:
    """The log of an application's websocket channels, which its transport writes to."""
    transport = _transport(runtime)
    return MemoryLog() if transport is None else transport.log


def _transport(runtime: Runtime) -> WebsocketTransport | None:
    """What delivers an application's websocket channels; None where it has none."""
    for channel in runtime.channels.values():
        if isinstance(channel, WebsocketChannel):
            transport = runtime.transport_of(channel)
            assert isinstance(transport, WebsocketTransport)  # noqa: S101 - see the plugin
            return transport
    return None
