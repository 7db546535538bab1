"""Counting failures, so that guessing is slow.

The library `limits` would do; importing it costs 150 ms, and its memory is swept by a thread.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from math import ceil
from time import monotonic


class Throttle:
    """Counts failures by key, in fixed windows of time, in bounded memory.

    Args:
        failures: How many are free in one window.
        seconds: How long a window is.
        keys: How many keys are remembered; then the one that was begun first is forgotten.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        failures: int,
        seconds: float,
        *,
        keys: int = 4096,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._failures = failures
        self._seconds = seconds
        self._keys = keys
        self._clock = clock
        self._windows: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def wait(self, key: Hashable) -> int:
        """For how many whole seconds `key` must not try again; 0 where it may."""
        end, count = self._window(key)
        return max(1, ceil(end - self._clock())) if count >= self._failures else 0

    def fail(self, key: Hashable) -> None:
        """Count a failure."""
        end, count = self._window(key)
        self._windows[key] = (end, count + 1)
        if len(self._windows) > self._keys:
            self._windows.popitem(last=False)

    def _window(self, key: Hashable) -> tuple[float, int]:
        now = self._clock()
        end, count = self._windows.get(key, (now, 0))
        if now < end:
            return end, count
        self._windows.pop(key, None)
        return now + self._seconds, 0
