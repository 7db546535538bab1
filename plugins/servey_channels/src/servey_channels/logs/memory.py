"""A log in the memory of one process: for tests, and where there is one process only."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import token_hex

from servey_channels.logs.base import Deliver, Entry, EventLog, Health, Replay, replay_of
from servey_core import History, Position


@dataclass(slots=True)
class _Stream:
    """One channel's events: the moments at which they came, and they."""

    last: int = 0
    kept: deque[tuple[float, Entry]] = field(default_factory=deque)

    def forget(self, history: History, now: float) -> None:
        oldest = now - history.age
        while self.kept and (len(self.kept) > history.size or self.kept[0][0] < oldest):
            self.kept.popleft()


class MemoryLog(EventLog):
    """Keeps events in this process. All is lost when it ends, and no other sees any of it."""

    def __init__(self) -> None:
        self._epoch = token_hex(8)
        self._streams: dict[str, _Stream] = {}
        self._followers: set[_Follower] = set()
        self._lock = threading.Lock()

    def append(self, channel: str, event: bytes, *, target: str, history: History) -> Position:
        """Add an event; it takes next to no time."""
        with self._lock:
            stream = self._streams.setdefault(channel, _Stream())
            stream.last += 1
            entry = Entry(channel, stream.last, event, target)
            now = time.monotonic()
            stream.kept.append((now, entry))
            stream.forget(history, now)
            for follower in self._followers:
                follower.put(entry)
        return Position(self._epoch, entry.offset)

    async def aappend(
        self, channel: str, event: bytes, *, target: str, history: History
    ) -> Position:
        """Add an event."""
        return self.append(channel, event, target=target, history=history)

    async def position(self, channel: str) -> Position:
        """Where a channel is now."""
        with self._lock:
            stream = self._streams.get(channel)
            return Position(self._epoch, stream.last if stream else 0)

    async def since(self, channel: str, position: Position, history: History) -> Replay:
        """The events after a position."""
        oldest = time.monotonic() - history.age
        with self._lock:
            stream = self._streams.get(channel, _Stream())
            here = Position(self._epoch, stream.last)
            found = [
                entry
                for at, entry in stream.kept
                if entry.offset > position.offset and at >= oldest
            ]
        return replay_of(position, here, history, found)

    async def follow(self, deliver: Deliver, health: Health, ready: Callable[[], None]) -> None:  # noqa: ARG002 - memory is always there
        """Give events as they are appended."""
        follower = _Follower(self._epoch, deliver)
        with self._lock:
            self._followers.add(follower)
        ready()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            with self._lock:
                self._followers.discard(follower)

    async def close(self) -> None:
        """Nothing: there is nothing to let go of."""


class _Follower:
    """Somebody who follows, on an event loop, which is woken once for all that has come."""

    def __init__(self, epoch: str, deliver: Deliver) -> None:
        self._epoch = epoch
        self._deliver = deliver
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[Entry] = deque()
        self._woken = False

    def put(self, entry: Entry) -> None:
        """Hand over an event; called by any thread, with the log's lock."""
        self._arrived.append(entry)
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._flush)

    def _flush(self) -> None:
        self._woken = False
        entries = [self._arrived.popleft() for _ in range(len(self._arrived))]
        if entries:
            self._deliver(self._epoch, entries)
