"""Where ticks of schedules are claimed, so that each fires once over any number of nodes."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import dramatiq

from servey_core import Overlap

MOST_OPEN = 100
"""How many open jobs of a schedule are remembered: a claim looks at each of them."""


class Claimed(StrEnum):
    """What came of a claim."""

    FIRED = "fired"
    """The tick is the caller's, and its job is enqueued."""
    LATE = "late"
    """This tick, or a later one, is claimed already: nothing was done."""
    PASSED = "passed"
    """Others have claimed an earlier tick since the last that the caller knows: nothing was done.
    Decide again."""
    DROPPED = "dropped"
    """The tick is the caller's, and has no job, as one of an earlier tick is not done."""
    WAITS = "waits"
    """Nothing was done: an earlier job must be done first. Claim again later."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The answer to a claim.

    Attributes:
        outcome: What came of it.
        last: The last claimed tick of the schedule, in UTC, as it is now; before the first, the
            moment when the schedule was first seen.
        replaced: The ids of jobs that run and shall be cancelled, as this tick replaces them.
    """

    outcome: Claimed
    last: datetime
    replaced: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownSchedule:
    """What is remembered of a schedule.

    Attributes:
        last: The last claimed tick, in UTC; before the first, when the schedule was first seen.
        fired: How many ticks had a job.
        missed: How many ticks passed with nobody there to claim them.
        dropped: How many ticks had no job, as one of an earlier tick was not done.
        open: The ids of its jobs that were not done when somebody last looked; of very many, those
            of the last ones.
        seen: When a scheduler last said that it has this schedule, in UTC.
    """

    last: datetime
    fired: int = 0
    missed: int = 0
    dropped: int = 0
    open: tuple[str, ...] = ()
    seen: datetime | None = None


class TickClaims(ABC):
    """A table of schedules, which all nodes share and which outlives them.

    A tick can be claimed if it is later than the last one. That refuses a second claim, and also
    that of a node that decided long ago and was paused since.
    """

    @abstractmethod
    def schedule(self, name: str, *, now: datetime) -> KnownSchedule:
        """What is remembered of a schedule; one that is new counts from `now` on.

        Args:
            name: The schedule's name, the same on every node.
            now: The present moment; it is remembered as `seen`.
        """

    @abstractmethod
    def claim(  # noqa: PLR0913 - each is one thing that is stored
        self,
        name: str,
        tick: datetime,
        message: dramatiq.Message[Any],
        *,
        overlap: Overlap = Overlap.ALLOW,
        missed: int = 0,
        since: datetime | None = None,
        delay: int | None = None,
    ) -> Claim:
        """Claim a tick of a schedule and enqueue its job, both in one atomic step, or neither.

        The schedule's open jobs are those that were enqueued for it and are ready, delayed or
        running now; `overlaps.on_tick` says what becomes of the tick. For `Overlap.REPLACE` those
        that do not run are forgotten in the same step, and those that run are named in the answer.

        Args:
            name: The schedule's name; one that `schedule` was never asked for counts from the
                tick on.
            tick: The tick, with its time zone.
            message: Its job.
            overlap: What to do while a job of an earlier tick is not done.
            missed: How many ticks were passed over since the last; added up where it is claimed.
            since: The last tick that the caller knows of, and has counted `missed` from; None where
                that is no matter.
            delay: For how many milliseconds the job is held back.

        Raises:
            QueueNotFound: The message's queue is not declared.
            BrokerConnectionError: The broker cannot be used just now.
        """

    @abstractmethod
    def schedules(self) -> dict[str, KnownSchedule]:
        """Every schedule that is remembered, by its name."""

    @abstractmethod
    def forget_schedule(self, name: str) -> bool:
        """Forget a schedule; whether there was one."""
