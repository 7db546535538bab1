"""How long a client waits before it comes back."""

import random

_FIRST = 0.25
_LONGEST = 30.0


class Delays:
    """Delays that double, each mixed with chance, so that clients come back one after another.

    Args:
        first: The first delay, in seconds.
        longest: The longest one.
    """

    def __init__(self, first: float = _FIRST, longest: float = _LONGEST) -> None:
        self._first = first
        self._longest = longest
        self._next = first
        self._hint: float | None = None

    def hint(self, seconds: float) -> None:
        """The server says when to come back: that counts once."""
        self._hint = seconds

    def succeeded(self) -> None:
        """A connection served for something: the next delay is the first again."""
        self._next = self._first

    def next(self) -> float:
        """How long to wait, in seconds."""
        if self._hint is not None:
            seconds, self._hint = self._hint, None
            return seconds
        longest, self._next = self._next, min(self._next * 2, self._longest)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - it keeps no secret
