"""Listening to a channel within the process: for surfaces that show events in their own forms."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from itertools import count
from secrets import token_urlsafe
from typing import Any

from servey_channels.hub.batches import Batch
from servey_channels.hub.hub import Hub
from servey_channels.hub.subscriptions import AnyChannel
from servey_core import Authorization, InvalidInput, Position, Unavailable

_AT_ONCE = 32
"""How many events are given before others of the event loop have their turn."""

_log = logging.getLogger("servey.channels")


class Listening:
    """Listens by a hub.

    Args:
        hub: Gives the events.
        limit: How many bytes of them may wait for a listener before there are more.
    """

    def __init__(self, hub: Hub, limit: int) -> None:
        self._hub = hub
        self._limit = limit

    @asynccontextmanager
    async def listen(
        self, channel: AnyChannel, authorization: Authorization | None
    ) -> AsyncIterator[AsyncIterator[Any]]:
        """Listen to a channel for as long as the context is open; see `ChannelTransport.listen`.

        Raises:
            Unavailable: The log cannot be used just now.
        """
        feed = _Feed(authorization, self._limit)
        await self._hub.subscribe(feed, channel, None, _heard)
        try:
            async with aclosing(feed.events(channel)) as events:
                yield events
        finally:
            self._hub.unsubscribe(feed, channel)


class _Feed:
    """A listener; its events wait here, and never too much.

    Attributes:
        id: Names it, as connections are named.
        authorization: Who it is.
    """

    def __init__(self, authorization: Authorization | None, limit: int) -> None:
        self.id = token_urlsafe(16)
        self.authorization = authorization
        self._limit = limit
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._lost = False
        self._arrived = asyncio.Event()

    def deliver(self, batch: Batch) -> None:
        """Let events wait; of what is told beside them, listeners hear that some are lost."""
        for message in batch.messages:
            self._lost |= message.kind == "gap" or self._size > self._limit
            if message.kind == "event" and not self._lost:
                self._waiting.append(message.event)
                self._size += len(message.event)
        self._arrived.set()

    async def room(self) -> None:
        """Nobody takes anything yet where earlier events are given, and so nobody waits."""

    async def events(self, channel: AnyChannel) -> AsyncGenerator[Any]:
        """The events as they come.

        Raises:
            Unavailable: Those that come next are lost.
        """
        number = count(1)
        while True:
            while self._waiting:
                if not next(number) % _AT_ONCE:
                    await asyncio.sleep(0)
                text = self._waiting.popleft()
                self._size -= len(text)
                try:
                    event = channel.from_json(text)
                except InvalidInput as error:
                    _log.error("An event of %r is not of its type: %s", channel.name, error)
                    continue
                yield event
            if self._lost:
                raise Unavailable("Events were lost, or came faster than they were taken.")
            self._arrived.clear()
            await self._arrived.wait()


def _heard(place: Position, recovered: bool) -> None:  # noqa: FBT001 - as hubs announce it
    """Where a channel is does not matter to who listens from now on."""
