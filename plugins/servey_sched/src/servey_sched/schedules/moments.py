"""One tick alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from servey_sched.schedules.ticks import Ticks, in_utc


@dataclass(frozen=True, slots=True)
class Moment(Ticks):
    """A single tick.

    Attributes:
        moment: When, with its time zone. A wall clock time that a zone skips or repeats is read
            as Python reads it, by its `fold` (PEP 495).

    Raises:
        ValueError: The moment has no time zone.
    """

    moment: datetime

    def __post_init__(self) -> None:
        in_utc(self.moment, "moment")

    @property
    def zone(self) -> tzinfo:
        """The moment's own time zone."""
        return self.moment.tzinfo or UTC

    def _next_after(self, instant: datetime) -> datetime | None:
        tick = in_utc(self.moment, "moment")
        return tick if tick > instant else None
