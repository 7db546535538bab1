"""One client that listens to one channel by server-sent events."""

import asyncio
from collections import deque
from secrets import token_urlsafe

from servey_channels.hub.batches import Batch
from servey_core import Authorization


class Listener:
    """A client; what is for it waits here, and never too much.

    Args:
        authorization: Who it is.
        limit: How many bytes may wait for it before there are more.

    Attributes:
        id: Names the connection.
        authorization: Who it is.
        overrun: Whether it was too slow, and has lost events: it shall come back for them.
    """

    def __init__(self, authorization: Authorization | None, limit: int) -> None:
        self.id = token_urlsafe(16)
        self.authorization = authorization
        self.overrun = False
        self._limit = limit
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._arrived = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def deliver(self, batch: Batch) -> None:
        """Let messages wait for the client."""
        if self.overrun or self._size > self._limit:
            self.give_up()
        else:
            self._waiting.append(batch.server_sent)
            self._size += len(batch.server_sent)
            self._room.clear()
        self._arrived.set()

    def give_up(self) -> None:
        """Let the client come back for what it gets no more of here."""
        self.overrun = True
        self._waiting.clear()
        self._room.set()
        self._arrived.set()

    async def room(self) -> None:
        """Wait until all has been taken, or the client is given up."""
        await self._room.wait()

    async def subscribed(self, subscribing: "asyncio.Future[None]") -> None:
        """Wait until there is something, or the subscription has failed, which is raised."""
        arrived = asyncio.ensure_future(self._arrived.wait())
        await asyncio.wait((subscribing, arrived), return_when=asyncio.FIRST_COMPLETED)
        arrived.cancel()
        if subscribing.done():
            subscribing.result()

    async def take(self) -> bytes:
        """Wait until there is something, and take all of it; nothing after an overrun."""
        await self._arrived.wait()
        self._arrived.clear()
        taken = b"".join(self._waiting)
        self._waiting.clear()
        self._size = 0
        self._room.set()
        return taken
