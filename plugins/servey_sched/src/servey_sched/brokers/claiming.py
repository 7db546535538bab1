"""What comes of a claim: the rules, for a store to follow in one transaction of its own."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import dramatiq

from servey_core import Overlap
from servey_sched.brokers.base import JobBroker, JobState
from servey_sched.brokers.ticks import MOST_OPEN, Claim, Claimed, KnownSchedule, TickClaims
from servey_sched.schedules.overlaps import Outcome, on_tick
from servey_sched.schedules.ticks import in_utc


@dataclass(frozen=True, slots=True)
class Tick:
    """A tick that somebody claims.

    Attributes:
        schedule: The schedule's name.
        moment: When it is, in UTC.
        job: The id of its job.
        overlap: What to do while a job of an earlier tick is not done.
        missed: How many ticks were passed over since the last.
        since: The last that the claimer knows of, in UTC; None where that is no matter.
    """

    schedule: str
    moment: datetime
    job: str
    overlap: Overlap
    missed: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do for a claim. The tick's job is enqueued where it has fired.

    Attributes:
        claim: The answer.
        after: What to remember of the schedule; None where nothing changes.
        forgotten: The ids of waiting jobs to forget first.
    """

    claim: Claim
    after: KnownSchedule | None = None
    forgotten: tuple[str, ...] = ()


def decide(
    tick: Tick,
    known: KnownSchedule | None,
    states: Callable[[Sequence[str]], Mapping[str, JobState]],
) -> Decision:
    """Decide what comes of a claim.

    Args:
        tick: The tick.
        known: What is remembered of its schedule; None for nothing.
        states: Tells the states of jobs, of those that are there still and not dead.
    """
    if known and tick.moment <= known.last:
        return Decision(Claim(Claimed.LATE, known.last))
    if known and tick.since and known.last > tick.since:
        return Decision(Claim(Claimed.PASSED, known.last))
    before = known or KnownSchedule(tick.moment)
    there = states(before.open)
    still = tuple(job for job in before.open if job in there)
    running = tuple(job for job in still if there[job] == "running")
    waiting = tuple(job for job in still if there[job] != "running")
    outcome = on_tick(tick.overlap, running=len(running), waiting=len(waiting))
    if outcome is Outcome.WAIT:
        return Decision(Claim(Claimed.WAITS, before.last))
    after = replace(before, last=tick.moment, missed=before.missed + tick.missed)
    if outcome is Outcome.DROP:
        after = replace(after, dropped=before.dropped + 1, open=still)
        return Decision(Claim(Claimed.DROPPED, tick.moment), after)
    replaces = outcome is Outcome.REPLACE
    others = tuple(job for job in (running if replaces else still) if job != tick.job)
    return Decision(
        claim=Claim(Claimed.FIRED, tick.moment, others if replaces else ()),
        after=replace(after, fired=before.fired + 1, open=(*others, tick.job)[-MOST_OPEN:]),
        forgotten=waiting if replaces else (),
    )


class ClaimingBroker(JobBroker, TickClaims):
    """A broker in whose store ticks are claimed too."""

    def claim(  # noqa: PLR0913 - as in `TickClaims`
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
        """Claim a tick of a schedule and enqueue its job, both or neither; see `TickClaims`."""
        moment, known = in_utc(tick, "tick"), in_utc(since, "since") if since else None
        claimed = Tick(name, moment, message.message_id, overlap, missed, known)
        answer = self._claim(claimed, message, delay)
        if answer.outcome is Claimed.FIRED:
            self.emit_after("enqueue", message, delay)
        return answer

    @abstractmethod
    def _claim(self, tick: Tick, message: dramatiq.Message[Any], delay: int | None) -> Claim:
        """As `claim`, but that middleware hears of the job only before it is enqueued."""
