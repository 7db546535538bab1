"""How often something was done lately: what rate limits, and the debug login, count by.

Hits are counted in a moving window: in any 60 seconds there are at most as many as a limit of 60
seconds allows. A counter of fixed or of weighted windows is smaller, but lets up to twice as many
through around a window's end, which is what a limit of three an hour must not do.
"""

from abc import ABC, abstractmethod
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable
from math import ceil
from time import monotonic
from typing import NamedTuple

MAX_WEIGHT = 8_000_000
"""How much is remembered for one length of window, in hits; a hit takes 8 bytes."""

_KEY_WEIGHT = 40
"""What a key takes beside its hits, in hits."""


class Window(NamedTuple):
    """What a key was hit in the time that counts.

    Attributes:
        used: How often.
        reset: In how many seconds the oldest hit ceases to count; all of them where there is none.
    """

    used: int
    reset: float

    @property
    def wait(self) -> int:
        """The same in whole seconds, as header fields have it; at least 1."""
        return max(1, ceil(self.reset))


class RecentHits:
    """Remembers when keys were hit, for one length of time, in bounded memory.

    Args:
        seconds: For how long a hit counts.
        max_weight: How much is remembered; then the key that was hit longest ago is forgotten.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        seconds: float,
        *,
        max_weight: int = MAX_WEIGHT,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._seconds = seconds
        self._max_weight = max_weight
        self._clock = clock
        self._times: OrderedDict[Hashable, array[float]] = OrderedDict()
        self._weight = 0

    def look(self, key: Hashable) -> Window:
        """What `key` was hit lately."""
        now = self._clock()
        times = self._times.get(key)
        if times is None or times[-1] <= now - self._seconds:
            return Window(0, self._seconds)
        if past := bisect_right(times, now - self._seconds):
            del times[:past]
            self._weight -= past
        return Window(len(times), times[0] + self._seconds - now)

    def add(self, key: Hashable) -> None:
        """Remember one hit of `key`."""
        now = self._clock()
        times = self._times.get(key)
        if times is None:
            times = self._times[key] = array("d")
            self._weight += _KEY_WEIGHT
        times.append(now)
        self._times.move_to_end(key)
        self._weight += 1
        self._forget(now)

    def _forget(self, now: float) -> None:
        """Keys are in the order of their last hits, so those to forget come first."""
        while len(self._times) > 1:
            times = next(iter(self._times.values()))
            if times[-1] > now - self._seconds and self._weight <= self._max_weight:
                return
            self._times.popitem(last=False)
            self._weight -= len(times) + _KEY_WEIGHT


class HitCounter(ABC):
    """Counts hits, for rate limits: here or, where processes share a state, for all of them.

    It never fails. Limits protect what is scarce, not what is secret: where a shared count cannot
    be had, each process counts for itself.
    """

    @abstractmethod
    async def look(self, key: str, limit: int, seconds: int) -> Window:
        """What `key` was hit lately.

        Args:
            key: The key.
            limit: How many hits are allowed.
            seconds: For how long a hit counts; a key is always asked about with the same.
        """

    @abstractmethod
    async def take(self, key: str, limit: int, seconds: int) -> bool:
        """Count a hit where there are fewer than `limit`; whether it was counted."""


class HitsInMemory(HitCounter):
    """Counts in the memory of this process; each other process counts for itself.

    Args:
        clock: Tells the time, in seconds.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._by_seconds: dict[int, RecentHits] = {}

    async def look(self, key: str, limit: int, seconds: int) -> Window:  # noqa: ARG002
        """What `key` was hit lately."""
        return self._hits(seconds).look(key)

    async def take(self, key: str, limit: int, seconds: int) -> bool:
        """Count a hit where there are fewer than `limit`."""
        hits = self._hits(seconds)
        free = hits.look(key).used < limit
        if free:
            hits.add(key)
        return free

    def _hits(self, seconds: int) -> RecentHits:
        hits = self._by_seconds.get(seconds)
        if hits is None:
            hits = self._by_seconds[seconds] = RecentHits(seconds, clock=self._clock)
        return hits
