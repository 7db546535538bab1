"""What becomes of the ticks that passed while no node was there to fire them."""

from collections import deque
from datetime import datetime, timedelta
from itertools import islice

from servey_core import Misfire
from servey_sched.schedules.ticks import Ticks, in_utc

COUNTED = 1000
"""Missed ticks are counted up to here: a schedule of seconds may have slept for a year."""

_FIRST_LOOK_BACK = timedelta(minutes=1)


def due(previous: datetime, now: datetime, ticks: Ticks, misfire: Misfire) -> list[datetime]:
    """The ticks to fire now, oldest first.

    What was claimed last decides, not what the clock showed before: where a clock is set back,
    `now` is before `previous`, and nothing is due until the next tick that was never claimed.

    Args:
        previous: The last tick that any node claimed; before the first, the moment from which
            the schedule counts.
        now: What the node's clock shows.
        ticks: The schedule's ticks.
        misfire: Its policy.

    Raises:
        ValueError: `previous` or `now` has no time zone.
    """
    after, until = in_utc(previous, "previous"), in_utc(now, "now")
    if misfire.grace is not None and until - after > misfire.grace:
        after = until - misfire.grace - timedelta.resolution  # exactly as late as allowed fires
    return _last(ticks, after, until, misfire.limit)


def missed(previous: datetime, tick: datetime, ticks: Ticks) -> int:
    """How many ticks were passed over when `tick` was claimed next after `previous`.

    Returns:
        The number of ticks between both, neither included; `COUNTED` where there are more.

    Raises:
        ValueError: `previous` or `tick` has no time zone.
    """
    until = in_utc(tick, "tick") - timedelta.resolution
    return sum(1 for _ in islice(ticks.between(previous, until), COUNTED))


def _last(ticks: Ticks, after: datetime, until: datetime, limit: int) -> list[datetime]:
    """The last ticks, found by looking back further and further: the first may be years ago."""
    span = _FIRST_LOOK_BACK
    while span < until - after:
        found = deque(ticks.between(until - span, until), maxlen=limit)
        if len(found) == limit:
            return list(found)
        span *= 2
    return list(deque(ticks.between(after, until), maxlen=limit))
