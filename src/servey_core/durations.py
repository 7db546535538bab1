"""Spans of time, as users give them: in seconds, or as a `timedelta`."""

import math
from datetime import timedelta


def seconds_of(span: float | timedelta) -> float:
    """A span in seconds.

    Raises:
        ValueError: It is negative, or has no end.
    """
    seconds = span.total_seconds() if isinstance(span, timedelta) else span
    if not 0 <= seconds < math.inf:
        raise ValueError(f"A span of time is a number of seconds from 0 upwards, not {span!r}.")
    return seconds
