"""What may befall the replicas of a simulation."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from servey_sched.schedules.ticks import in_utc


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which a replica does nothing.

    Attributes:
        replica: Which, from 0.
        at: When it begins.
        until: When it is over; None for never.

    Raises:
        ValueError: A moment has no time zone, or the outage ends before it begins.
    """

    replica: int
    at: datetime
    until: datetime | None = None

    def __post_init__(self) -> None:
        start = in_utc(self.at, "at")
        if self.until is not None and in_utc(self.until, "until") <= start:
            raise ValueError(
                f"until: {self.until.isoformat()} is not later than at, {self.at.isoformat()}. "
                f"Give a later moment, or None."
            )

    def covers(self, instant: datetime) -> bool:
        """Whether the replica does nothing at `instant`."""
        return self.at <= instant and (self.until is None or instant < self.until)


class Kill(Outage):
    """The process dies with all it was about to do, and starts anew at `until`."""

    __slots__ = ()


class Pause(Outage):
    """The process stands still, as by SIGSTOP, and at `until` goes on where it was."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class ClockStep:
    """A replica's clock is set forward or back.

    Attributes:
        replica: Which, from 0.
        at: When, by the true clock.
        by: How far; negative for back.

    Raises:
        ValueError: The moment has no time zone.
    """

    replica: int
    at: datetime
    by: timedelta

    def __post_init__(self) -> None:
        in_utc(self.at, "at")


Fault = Kill | Pause | ClockStep


def check_faults(faults: Iterable[Fault], replicas: int) -> None:
    """Refuse faults of replicas that do not exist, and outages of one replica that overlap.

    Raises:
        ValueError: There is one.
    """
    outages: dict[int, list[Outage]] = {}
    for fault in faults:
        if not 0 <= fault.replica < replicas:
            raise ValueError(
                f"replica: {fault.replica} does not exist. Give 0 to {replicas - 1}, "
                f"or simulate more replicas."
            )
        if isinstance(fault, Outage):
            outages.setdefault(fault.replica, []).append(fault)
    for replica, several in outages.items():
        for first, second in pairwise(sorted(several, key=lambda outage: outage.at)):
            if first.covers(second.at):
                raise ValueError(
                    f"at: replica {replica} is away already at {second.at.isoformat()}. "
                    f"Let one outage end before the next begins."
                )
