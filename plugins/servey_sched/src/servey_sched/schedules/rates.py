"""Ticks at equal distances of elapsed time."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from servey_sched.schedules.ticks import Ticks

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FixedRate(Ticks):
    """A tick at every whole multiple of an interval since 1970-01-01T00:00:00Z.

    Anchored at the epoch, the ticks do not depend on when a process started. The interval is
    elapsed time: a zone's clocks going forward or back change nothing.

    Attributes:
        interval: The distance of two ticks, at least a microsecond.

    Raises:
        ValueError: The interval is not positive.
    """

    interval: timedelta

    def __post_init__(self) -> None:
        if self.interval <= timedelta(0):
            raise ValueError(
                f"interval: {self.interval.total_seconds():g} seconds is no interval. "
                f"Give more than 0 seconds."
            )

    @classmethod
    def every(cls, interval: float | timedelta) -> "FixedRate":
        """A fixed rate from a number of seconds, or from a timedelta.

        Raises:
            ValueError: The interval is not positive, or is not a number that a timedelta holds.
        """
        if isinstance(interval, timedelta):
            return cls(interval)
        try:
            length = timedelta(seconds=interval)
        except (ValueError, OverflowError) as error:
            raise ValueError(
                f"interval: {interval!r} seconds is no interval. "
                f"Give a number of seconds above 0, or a timedelta."
            ) from error
        return cls(length)

    def _next_after(self, instant: datetime) -> datetime:
        return EPOCH + ((instant - EPOCH) // self.interval + 1) * self.interval
