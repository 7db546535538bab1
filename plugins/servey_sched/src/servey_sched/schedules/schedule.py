"""A schedule: a name, its ticks, and its policies."""

from dataclasses import dataclass, field
from datetime import timedelta

from servey_core import Misfire
from servey_sched.schedules.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something fires, and what becomes of ticks that nobody was there for.

    Attributes:
        name: What the schedule's ticks are claimed by, the same on every node.
        ticks: When it fires.
        misfire: What becomes of overdue ticks.
        jitter: The bound of the delay that is added to each tick; see `jitter`.

    Raises:
        ValueError: The jitter is negative.
    """

    name: str
    ticks: Ticks
    misfire: Misfire = field(default_factory=Misfire.once)
    jitter: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.jitter < timedelta(0):
            raise ValueError(
                f"jitter: {self.jitter.total_seconds():g} seconds is negative. "
                f"Give 0 seconds or more."
            )
