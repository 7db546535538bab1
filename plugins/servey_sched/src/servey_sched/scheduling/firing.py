"""Claims the ticks of one schedule, cancels the jobs that they replace, and tells of them."""

import logging
from collections.abc import Callable
from datetime import datetime

from servey_core import Overlap, StateStore
from servey_sched.brokers.ticks import Claim, Claimed
from servey_sched.jobs.cancelling import cancel_wherever
from servey_sched.schedules.jitter import jitter
from servey_sched.schedules.misfires import missed
from servey_sched.scheduling.claiming import Claims
from servey_sched.scheduling.plans import Plan

_log = logging.getLogger("servey.schedules")


class Firing:
    """Fires the ticks of one schedule.

    Args:
        plan: The schedule.
        claims: Where its ticks are claimed.
        state: Gives where cancellations are kept.
    """

    def __init__(self, plan: Plan, claims: Claims, state: Callable[[], StateStore]) -> None:
        self._plan = plan
        self._claims = claims
        self._state = state

    async def fire(self, tick: datetime, last: datetime, overlap: Overlap) -> Claim:
        """Claim a tick, and thereby enqueue its job.

        Args:
            tick: The tick.
            last: The last one that was claimed, as far as is known.
            overlap: What to do while the job of an earlier one is not done.

        Raises:
            Unavailable: The broker is, or the state store. What was not done then is done when the
                tick is claimed again.
        """
        plan = self._plan
        passed = missed(last, tick, plan.schedule.ticks)
        delay = jitter(plan.name, tick, plan.schedule.jitter)
        claim = await self._claims.claim(
            plan.name,
            tick,
            plan.message(tick),
            overlap=overlap,
            missed=passed,
            since=last,
            delay=round(delay.total_seconds() * 1000) or None,
        )
        if claim.outcome in (Claimed.FIRED, Claimed.DROPPED):
            self._tell(tick, claim.outcome, passed)
        if overlap is Overlap.REPLACE and (replaced := await self._replaced_by(tick, claim)):
            await cancel_wherever(self._state(), *replaced)
        return claim

    async def _replaced_by(self, tick: datetime, claim: Claim) -> tuple[str, ...]:
        """The jobs to cancel: also of an earlier claim, after which that may not have been done."""
        if claim.outcome is not Claimed.LATE or claim.last != tick:
            return claim.replaced
        known = (await self._claims.known([self._plan.name])).get(self._plan.name)
        if known is None or known.last != tick:
            return ()
        own = self._plan.job_id(tick)
        return tuple(job for job in known.open if job != own)

    def _tell(self, tick: datetime, outcome: Claimed, passed: int) -> None:
        name, moment = self._plan.name, tick.isoformat()
        fields = {"schedule": name, "tick": moment, "missed": passed}
        if passed:
            text = "The schedule %s missed %d ticks before %s."
            _log.warning(text, name, passed, moment, extra=fields)
        if outcome is Claimed.DROPPED:
            text = "The schedule %s drops its tick at %s: the job of an earlier one is not done."
            _log.warning(text, name, moment, extra=fields)
        else:
            _log.info("The schedule %s fires.", name, extra=fields)
