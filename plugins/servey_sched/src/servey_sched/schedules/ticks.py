"""What every schedule is: instants in order, each a tick."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo


class Ticks(ABC):
    """The instants at which a schedule fires.

    A subclass says which instant comes next; it reads no clock and keeps no state, so every
    process that asks gets the same answer.
    """

    def next_after(self, instant: datetime) -> datetime | None:
        """The first tick that is later than `instant`, never `instant` itself.

        Args:
            instant: Any moment, with its time zone.

        Returns:
            The tick in UTC; None where no tick follows, or none that a `datetime` can hold.

        Raises:
            ValueError: `instant` has no time zone.
        """
        moment = in_utc(instant, "instant")
        try:
            return self._next_after(moment)
        except OverflowError:  # the year 10 000
            return None

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The ticks that are later than `after` and not later than `until`, in order.

        Raises:
            ValueError: `after` or `until` has no time zone.
        """
        last = in_utc(until, "until")
        tick = self.next_after(after)
        while tick is not None and tick <= last:
            yield tick
            tick = self.next_after(tick)

    @property
    def zone(self) -> tzinfo:
        """The time zone in which people read the ticks."""
        return UTC

    @abstractmethod
    def _next_after(self, instant: datetime) -> datetime | None:
        """As `next_after`; `instant` and the result are in UTC."""


def in_utc(moment: datetime, field: str) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: The moment has no time zone, or UTC has no such year; the text names `field`.
    """
    if moment.utcoffset() is None:
        raise ValueError(
            f"{field}: {moment.isoformat()} has no time zone, so it is no moment. "
            f"Give it one: datetime(..., tzinfo=ZoneInfo('Europe/Paris')), or tzinfo=UTC."
        )
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(
            f"{field}: {moment.isoformat()} is outside of the years 1 to 9999 in UTC. "
            f"Give another moment."
        ) from None


def tick_name(tick: datetime) -> str:
    """A tick as every node writes it, such as `2026-03-08T07:00:00.000000Z`.

    Names sort as the ticks do.

    Raises:
        ValueError: `tick` has no time zone.
    """
    text = in_utc(tick, "tick").isoformat(timespec="microseconds")
    return text.removesuffix("+00:00") + "Z"
