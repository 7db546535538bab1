"""Publishing to a websocket channel: the event goes to the log, and from there to all processes."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any

from servey_channels.listening import Listening
from servey_channels.logs.base import EventLog
from servey_core import Authorization, Channel, ChannelTransport, Position, WebsocketChannel


class WebsocketTransport(ChannelTransport):
    """Writes events to a log, and reads them by the hub of the application that is served.

    Args:
        log: The log.

    Attributes:
        log: The same.
    """

    def __init__(self, log: EventLog) -> None:
        self.log = log
        self._listening: dict[asyncio.AbstractEventLoop, list[Listening]] = {}

    @property
    def listening(self) -> Listening | None:
        """What listens in the running event loop; the last one, where several hubs run in it."""
        several = self._listening.get(asyncio.get_running_loop())
        return several[-1] if several else None

    def publish(
        self, channel: Channel[Any], event: bytes, connection_id: str | None = None
    ) -> Position:
        """Send an event to all subscribers, or to one connection; it blocks."""
        assert isinstance(channel, WebsocketChannel)  # noqa: S101 - it is for no other
        return self.log.append(
            channel.name, event, target=connection_id or "", history=channel.history
        )

    async def apublish(
        self, channel: Channel[Any], event: bytes, connection_id: str | None = None
    ) -> Position:
        """Send an event without blocking the event loop."""
        assert isinstance(channel, WebsocketChannel)  # noqa: S101
        return await self.log.aappend(
            channel.name, event, target=connection_id or "", history=channel.history
        )

    def listen(
        self, channel: Channel[Any], authorization: Authorization | None
    ) -> AbstractAsyncContextManager[AsyncIterator[Any]]:
        """Listen to a channel by the hub of the running event loop."""
        if self.listening is None:
            return super().listen(channel, authorization)
        assert isinstance(channel, WebsocketChannel)  # noqa: S101
        return self.listening.listen(channel, authorization)

    @contextmanager
    def listened_by(self, listening: Listening) -> Iterator[None]:
        """Listen by a hub in this event loop, for as long as the context is open."""
        loop = asyncio.get_running_loop()
        several = self._listening.setdefault(loop, [])
        several.append(listening)
        try:
            yield
        finally:
            several.remove(listening)
            if not several:
                del self._listening[loop]

    def close(self) -> None:
        """Let go of connections."""
        self.log.close_blocking()
