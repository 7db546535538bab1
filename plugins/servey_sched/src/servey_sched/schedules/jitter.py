"""How much later than its tick a job starts, so that many schedules do not start together."""

from datetime import datetime, timedelta
from hashlib import sha256

from servey_sched.schedules.ticks import tick_name

_BYTES = 8


def jitter(schedule: str, tick: datetime, most: timedelta) -> timedelta:
    """A delay that every node finds alike for one tick, spread evenly over ticks and schedules.

    Args:
        schedule: The schedule's name.
        tick: The tick.
        most: The bound of the delay.

    Returns:
        At least nothing, and less than `most`; nothing where `most` is.

    Raises:
        ValueError: `most` is negative, or `tick` has no time zone.
    """
    if most < timedelta(0):
        raise ValueError(
            f"jitter: {most.total_seconds():g} seconds is negative. Give 0 seconds or more."
        )
    digest = sha256(f"{schedule}\0{tick_name(tick)}".encode()).digest()
    drawn = int.from_bytes(digest[:_BYTES])
    microseconds = most // timedelta(microseconds=1) * drawn >> 8 * _BYTES
    return timedelta(microseconds=microseconds)
