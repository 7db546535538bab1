"""How much a client may say: so much in a second on average, and a little at once."""

import time


class Allowance:
    """A bucket that fills up steadily, and out of which each message takes one.

    Args:
        rate: How many it gets in a second; as many as it holds.
    """

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._left = rate
        self._at = time.monotonic()

    def take(self) -> bool:
        """Take one; whether there was one."""
        now = time.monotonic()
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
