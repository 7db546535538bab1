"""What every log of events promises.

- An event has an offset, which is one more than that of the event before it in its channel, and
  the log has an epoch. Another epoch means that the log was lost: offsets have begun anew.
- What `append` has returned is seen by everybody who follows the log, in the order of offsets,
  without gaps, whichever process appended it.
- Events are given again for as long as their channel's history says. They may be kept for a little
  longer, so that all processes hear of them.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from servey_core import History, Position


class Entry(NamedTuple):
    """An event, as the log has it.

    Attributes:
        channel: The channel's name.
        offset: Its number in the channel.
        event: The event, as JSON.
        target: The one connection that it is for; empty for all.
    """

    channel: str
    offset: int
    event: bytes
    target: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What somebody has missed who comes back.

    Attributes:
        entries: The events since, oldest first.
        recovered: Whether those are all of them.
        position: Where the channel is, after them.
    """

    entries: Sequence[Entry]
    recovered: bool
    position: Position


MOST_REPLAYED = 10_000
"""How many events are given again at once, at most."""


def replay_of(since: Position, here: Position, history: History, found: Sequence[Entry]) -> Replay:
    """What somebody has missed, where a log has found what it still has.

    Args:
        since: Where somebody was.
        here: Where the channel is.
        history: How much of it may be given again.
        found: The events after `since` that are not too old, oldest first.
    """
    if not may_replay(since, here, history) or len(found) != here.offset - since.offset:
        return Replay((), recovered=False, position=here)
    return Replay(found, recovered=True, position=here)


def may_replay(since: Position, here: Position, history: History) -> bool:
    """Whether all events since a position can be given again, as far as numbers say."""
    missed = here.offset - since.offset
    return since.epoch == here.epoch and 0 <= missed <= min(history.size, MOST_REPLAYED)


Deliver = Callable[[str, Sequence[Entry]], None]
"""Given events as they come, of any channels, with the epoch; called in the event loop."""

Health = Callable[[bool], None]
"""Told when the log cannot be read any more, and when it can again."""


class EventLog(ABC):
    """A log of events, which all processes of an application share.

    Every method raises `Unavailable` where the log cannot be used just now.
    """

    @abstractmethod
    def append(self, channel: str, event: bytes, *, target: str, history: History) -> Position:
        """Add an event; it blocks.

        Args:
            channel: The channel's name.
            event: The event, as JSON.
            target: The one connection that it is for; empty for all.
            history: How much of the channel is kept.
        """

    async def aappend(
        self, channel: str, event: bytes, *, target: str, history: History
    ) -> Position:
        """The same without blocking the event loop."""
        return await asyncio.to_thread(self.append, channel, event, target=target, history=history)

    @abstractmethod
    async def position(self, channel: str) -> Position:
        """Where a channel is now: the offset of its last event, 0 where there was none."""

    @abstractmethod
    async def since(self, channel: str, position: Position, history: History) -> Replay:
        """The events after a position.

        Args:
            channel: The channel's name.
            position: Where somebody was.
            history: How much of the channel is kept; where more is missing, nothing is recovered.
        """

    @abstractmethod
    async def follow(self, deliver: Deliver, health: Health, ready: Callable[[], None]) -> None:
        """Give events as they are appended, by anybody, from now on, until it is cancelled.

        Where the log is away for a while, those of the meantime come when it is back, as far as
        it has them still.

        Args:
            deliver: Given the events.
            health: Told of outages.
            ready: Called once nothing that is appended from then on is missed.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of what the running event loop holds open."""

    def close_blocking(self) -> None:  # noqa: B027 - a log need not hold anything
        """Let go of what no event loop holds open."""
