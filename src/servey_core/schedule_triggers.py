"""When an action runs by itself, as plain data, and what becomes of ticks that cannot run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

from servey_core.authorization import Authorization
from servey_core.durations import seconds_of
from servey_core.triggers import Trigger


class Overlap(StrEnum):
    """What a schedule does with a tick while an earlier job of it waits or runs."""

    SKIP = "skip"
    """The tick is dropped: the default."""
    QUEUE_ONE = "queue_one"
    """One job waits for the running one; further ticks are dropped."""
    ALLOW = "allow"
    """Jobs run side by side."""
    REPLACE = "replace"
    """The earlier jobs are cancelled, and the tick's own starts."""


@dataclass(frozen=True, slots=True)
class Misfire:
    """How many overdue ticks fire, and how late they may.

    Attributes:
        limit: At most so many fire at once, the latest ones, oldest first.
        grace: A tick that is later than this does not fire; None where any may.

    Raises:
        ValueError: The limit is below 1, or the grace negative.
    """

    limit: int = 1
    grace: timedelta | None = None

    def __post_init__(self) -> None:
        if self.limit < 1:
            raise ValueError(
                f"limit: {self.limit} ticks is too few, a tick on time is one. Give 1 or more."
            )
        if self.grace is not None and self.grace < timedelta(0):
            raise ValueError(
                f"grace: {self.grace.total_seconds():g} seconds is negative. "
                f"Give 0 seconds or more, or None for no limit."
            )

    @classmethod
    def once(cls, grace: timedelta | None = None) -> "Misfire":
        """However many ticks passed, fire for the last one: the default."""
        return cls(1, grace)

    @classmethod
    def skip(cls, grace: timedelta = timedelta(minutes=1)) -> "Misfire":
        """Fire for no tick that passed; `grace` is how late one is still on time."""
        return cls(1, grace)

    @classmethod
    def all(cls, limit: int, grace: timedelta | None = None) -> "Misfire":
        """Fire for each tick that passed, the last `limit` of them."""
        return cls(limit, grace)


@dataclass(frozen=True, kw_only=True)
class ScheduleTrigger(Trigger):
    """Runs an action at ticks, as a background job; subclasses say when those are.

    Each tick is enqueued once, over any number of nodes, and executed at least once.

    Attributes:
        arguments: What the action is given, as JSON values or as what its annotations name.
        name: What the schedule is known by, the same on every node and from release to release;
            left out, the action's name, with a number where it has several schedules.
        jitter: By how much a job may start later than its tick, in seconds or as a `timedelta`,
            so that many schedules do not start together.
        overlap: What to do with a tick while the job of an earlier one is not done.
        misfire: How many of the ticks fire that passed while no node was there.
        enabled: Whether it fires at all.
        start_at_once: Whether it also fires when it is first seen, rather than at its first tick.
        authorization: For whom it runs, where the action wants to know; None for nobody.
    """

    served_by: ClassVar[str] = "servey-sched"

    arguments: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None
    jitter: float | timedelta = 0.0
    overlap: Overlap = Overlap.SKIP
    misfire: Misfire = field(default_factory=Misfire.once)
    enabled: bool = True
    start_at_once: bool = False
    authorization: Authorization | None = None

    def __post_init__(self) -> None:
        seconds_of(self.jitter, "jitter")
        if self.name is not None and not (self.name.strip() and self.name.isprintable()):
            raise ValueError(f"name: a schedule cannot be called {self.name!r}.")
        object.__setattr__(self, "overlap", Overlap(self.overlap))
        if not isinstance(self.misfire, Misfire):
            raise TypeError(
                f"misfire: {self.misfire!r} is none. "
                f"Write Misfire.once(), Misfire.skip() or Misfire.all(3)."
            )


@dataclass(frozen=True)
class FixedRateTrigger(ScheduleTrigger):
    """Runs an action at equal distances of elapsed time, counted from 1970-01-01T00:00:00Z.

    Attributes:
        interval: The distance of two ticks, in seconds or as a `timedelta`.

    Raises:
        ValueError: The interval is not positive.
    """

    interval: float | timedelta

    def __post_init__(self) -> None:
        super().__post_init__()
        if seconds_of(self.interval, "interval") == 0:
            raise ValueError(f"interval: {self.interval!r} is none. Give more than 0 seconds.")

    def __str__(self) -> str:
        return f"every {seconds_of(self.interval):g} s"


@dataclass(frozen=True)
class CronTrigger(ScheduleTrigger):
    """Runs an action whenever the clocks of a time zone show what a cron expression asks for.

    The expression and the zone are read when the application starts, which an error stops.

    Attributes:
        expression: Five fields: minute, hour, day of month, month, day of week; or six, with the
            second first.
        timezone: A name of the IANA time zone database.
    """

    expression: str
    timezone: str = "UTC"

    def __str__(self) -> str:
        return f"cron {self.expression!r} in {self.timezone}"


@dataclass(frozen=True)
class AtTrigger(ScheduleTrigger):
    """Runs an action once, at a moment.

    Attributes:
        moment: When, with its time zone.

    Raises:
        ValueError: The moment has no time zone.
    """

    moment: datetime

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.moment.utcoffset() is None:
            raise ValueError(
                f"moment: {self.moment.isoformat()} has no time zone, so it is no moment. "
                "Give it one: datetime(..., tzinfo=ZoneInfo('Europe/Paris')), or tzinfo=UTC."
            )

    def __str__(self) -> str:
        return f"at {self.moment.isoformat()}"
