"""Spans of time, as users give them: in seconds, or as a `timedelta`."""

import math
from datetime import timedelta


def seconds_of(span: float | timedelta, name: str = "") -> float:
    """A span in seconds.

    Args:
        span: The span.
        name: What it is called where it is given, for the error.

    Raises:
        ValueError: It is negative, or has no end.
    """
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    if not 0 <= seconds < math.inf:
        where = f"{name}: " if name else ""
        raise ValueError(f"{where}A span of time is a number of seconds from 0 up, not {span!r}.")
    return seconds
