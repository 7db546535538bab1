"""The events of one channel, as a client gets them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from servey_channels.client.errors import ChannelProblem
from servey_core import Position

if TYPE_CHECKING:
    from servey_channels.client.connection import ChannelClient

_AT_MOST = 1000
"""How many events wait for who iterates; those after them are asked for again in their turn."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event.

    Attributes:
        channel: The channel's name.
        position: Where it stands there.
        data: The event, as JSON values.
    """

    channel: str
    position: Position
    data: Any


class Subscription:
    """A channel's events: iterate over it, or enter it first to wait until it has begun.

    Attributes:
        channel: The channel's name.
        position: The last position that is known; None before the first.
    """

    def __init__(
        self,
        client: "ChannelClient",
        channel: str,
        since: Position | None,
        on_gap: Callable[[Position], None] | None,
    ) -> None:
        self.channel = channel
        self.position = since
        self._client = client
        self._on_gap = on_gap
        self._events: asyncio.Queue[Event | BaseException] = asyncio.Queue(_AT_MOST)
        self._begun = asyncio.Event()
        self._failure: BaseException | None = None
        self._asked, self._behind = True, False

    async def __aenter__(self) -> Self:
        """Wait until events are given."""
        try:
            await self._begun.wait()
        except BaseException:
            await self.close()
            raise
        if self._failure is not None:
            await self.close()
            raise self._failure
        return self

    async def __aexit__(self, *_: object) -> None:
        """Ask for no more."""
        await self.close()

    def __aiter__(self) -> Self:
        """The events, one after the other."""
        return self

    async def __anext__(self) -> Event:
        """The next event.

        Raises:
            ChannelProblem: The channel is not for this client.
            Refused: The server does not let the client in any more.
            ConnectionLost: The client has hung up.
        """
        if self._failure is not None and self._events.empty():
            raise self._failure
        if self._behind and self._events.empty():
            await self._client.ask_for(self)
        found = await self._events.get()
        if isinstance(found, BaseException):
            raise found
        return found

    async def close(self) -> None:
        """Ask for no more events."""
        await self._client.drop(self)

    def request(self) -> dict[str, Any]:
        """What asks the server for the events."""
        self._asked, self._behind = True, False
        asked: dict[str, Any] = {"type": "subscribe", "channel": self.channel}
        if self.position is not None:
            place = {"epoch": self.position.epoch, "offset": self.position.offset}
            asked["since"] = place
        return asked

    def begin(self, message: dict[str, Any]) -> None:
        """The server gives events from now on, and before, those since the position."""
        here = _position(message)
        if self.position is None:
            self.position = here
        elif not message["recovered"]:
            self._lose(here)
        self._asked = False
        self._begun.set()

    def hear(self, message: dict[str, Any]) -> None:
        """Take what the server says of the channel, except what comes again."""
        if self._asked or self._behind:
            return
        here = _position(message)
        if message["type"] == "gap":
            self._lose(here)
        elif self._events.full():
            self._behind = True
        elif not self._has(here):
            self.position = here
            self._events.put_nowait(Event(self.channel, here, message["data"]))

    def fail(self, failure: BaseException) -> None:
        """Give no more events."""
        self._failure = failure
        self._begun.set()
        if self._events.empty():
            self._events.put_nowait(failure)

    @staticmethod
    def is_over(problem: ChannelProblem) -> bool:
        """Whether asking again is of no use."""
        return problem.status not in (429, 503)

    def _has(self, here: Position) -> bool:
        known = self.position
        return known is not None and here.epoch == known.epoch and here.offset <= known.offset

    def _lose(self, here: Position) -> None:
        self.position = here
        if self._on_gap is not None:
            self._on_gap(here)


def _position(message: dict[str, Any]) -> Position:
    return Position(message["epoch"], message["offset"])
