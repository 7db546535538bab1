"""When jobs come back for which there is no room: soon, and no more at a time than can be run."""

import random
import time

FIRST, LONGEST = 0.5, 15.0
"""How long a job stays away the first time, and ever, in seconds."""

_LEAST = 0.25
_NEWS = 0.3
"""How much the latest wait says of the next one; the rest is said by those before it."""


class PutAside(Exception):  # noqa: N818 - what happens
    """There is no room for a job here: it waits elsewhere for a while.

    Attributes:
        seconds: For how long.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Pace:
    """How quickly a room takes jobs in, and so when those that it turned away shall come back.

    Those that are turned away come back one after the other, twice as quickly as the room takes
    them in: it is never empty while some are away, and few are turned away again.
    """

    def __init__(self) -> None:
        self._gap: float | None = None  # between two jobs that had waited, in seconds
        self._last = time.monotonic()
        self._back_at = 0.0

    def took_in(self, *, waited: bool) -> None:
        """A job has been taken in, at once or after it had waited."""
        now = time.monotonic()
        if waited:
            gap = now - self._last
            self._gap = gap if self._gap is None else _NEWS * gap + (1 - _NEWS) * self._gap
        self._last = now

    def put_aside(self, deferrals: int) -> PutAside:
        """A job is turned away, which has been turned away so often before."""
        seconds = min(LONGEST, FIRST * 2.0 ** min(deferrals, 10))
        if self._gap is not None:
            now = time.monotonic()
            back_at = max(now + _LEAST, self._back_at + self._gap / 2)
            self._back_at = min(back_at, now + LONGEST)
            seconds = min(seconds, self._back_at - now)
        return PutAside(seconds * random.uniform(0.5, 1.0))  # noqa: S311 - spreads, hides nothing
