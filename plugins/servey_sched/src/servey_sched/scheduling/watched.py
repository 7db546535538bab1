"""One schedule, as one scheduler sees it: what is due is fired, and what is next is known."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from servey_core import Overlap, ServeyError, StateStore
from servey_sched.brokers.ticks import Claim, Claimed
from servey_sched.schedules.misfires import due
from servey_sched.scheduling.claiming import Claims
from servey_sched.scheduling.firing import Firing
from servey_sched.scheduling.plans import Plan
from servey_sched.scheduling.rules import counts_from

_PAUSE = timedelta(seconds=0.5)
"""How long until a tick is tried again that waits for an earlier job, or for the broker."""

_AHEAD = timedelta(minutes=1)
"""By how much the last tick may be ahead of this machine's clock before that is worth a word."""

_MOST = 100
"""How many ticks of one schedule are fired before others have their turn."""

AT_ONCE = datetime.min.replace(tzinfo=UTC)
NEVER = datetime.max.replace(tzinfo=UTC)

_log = logging.getLogger("servey.schedules")

Clock = Callable[[], datetime]


class Watched:
    """A schedule.

    Args:
        plan: The schedule.
        claims: Where its ticks are claimed.
        state: Gives where cancellations are kept, and the rules of schedules.
        clock: Tells the present moment.

    Attributes:
        plan: The schedule.
        wake: When to look next.
    """

    def __init__(
        self, plan: Plan, claims: Claims, state: Callable[[], StateStore], clock: Clock
    ) -> None:
        self.plan = plan
        self.wake = AT_ONCE
        self._claims = claims
        self._firing = Firing(plan, claims, state)
        self._state = state
        self._clock = clock
        self._last: datetime | None = None
        """The last claimed tick, as far as is known here; None before anybody was asked."""
        self._waiting: datetime | None = None
        """A tick that waits for an earlier job, however late that makes it."""
        self._fired = False
        self._troubled = False

    async def look(self) -> None:
        """Fire what is due, and see when to look next; what goes wrong is tried again soon."""
        try:
            self.wake = await self._fire_due(self._clock())
        except Exception as error:  # noqa: BLE001 - other schedules go on
            self._trouble(error)
            self.wake = self._clock() + _PAUSE
            return
        if self._troubled:
            _log.info("The schedule %s goes on.", self.plan.name, extra=self._fields)
            self._troubled = False

    async def touch(self) -> None:
        """Say that a scheduler still has this schedule.

        Raises:
            Unavailable: It cannot be said just now.
        """
        if self.plan.trigger.enabled:
            await self._claims.schedule(self.plan.name, now=self._clock())

    async def _fire_due(self, now: datetime) -> datetime:
        """Fire what is due; when to look next."""
        if not self.plan.trigger.enabled:
            await counts_from(self._state(), self.plan, now)
            return NEVER
        last = self._last or await self._begin(now)
        ticks, last = await self._due(last, now)
        for tick in ticks[:_MOST]:
            if tick > last:
                claim = await self._fire(tick, last, may_wait=tick == ticks[-1])
                if claim.outcome is Claimed.PASSED:
                    return now
                last = max(last, claim.last)
        if len(ticks) > _MOST:
            return now
        if self._waiting is not None and self._waiting > last:
            upcoming = self.plan.schedule.ticks.next_after(now)
            return min(now + _PAUSE, upcoming or NEVER)
        self._waiting = None
        return self._upcoming(last, now)

    async def _begin(self, now: datetime) -> datetime:
        """From which tick on the schedule counts; one that is new may fire at once."""
        known = await self._claims.schedule(self.plan.name, now=now)
        changed = await counts_from(self._state(), self.plan, now)
        self._fired = bool(known.fired or known.dropped)
        last = max(known.last, changed or known.last)
        if self.plan.trigger.start_at_once and not self._fired:
            first = known.last + timedelta.resolution  # the same on all nodes
            claim = await self._fire(first, known.last, may_wait=False)
            last = max(last, claim.last)
        self._last = last
        return last

    async def _due(self, last: datetime, now: datetime) -> tuple[list[datetime], datetime]:
        """The ticks to fire now, oldest first, and the last one that is claimed."""
        schedule = self.plan.schedule
        found = due(last, now, schedule.ticks, schedule.misfire)
        if found and schedule.ticks.next_after(last) != found[0]:
            # Some have passed: they are missed, or others have fired them.
            known = await self._claims.schedule(self.plan.name, now=now)
            last = max(last, known.last)
            found = due(last, now, schedule.ticks, schedule.misfire)
        if self._waiting is not None:
            waiting = self._waiting
            found = [waiting, *(tick for tick in found if tick > waiting)]
        return found, last

    async def _fire(self, tick: datetime, last: datetime, *, may_wait: bool) -> Claim:
        overlap = self.plan.overlap
        if overlap is Overlap.QUEUE_ONE and not may_wait:
            overlap = Overlap.SKIP  # a later one waits instead
        claim = await self._firing.fire(tick, last, overlap)
        self._last = max(last, claim.last)
        if claim.outcome is Claimed.WAITS:
            self._waiting = tick
        else:
            self._fired = True
        return claim

    def _upcoming(self, last: datetime, now: datetime) -> datetime:
        """The next tick; what keeps one from coming is worth a word."""
        upcoming = self.plan.schedule.ticks.next_after(max(last, now))
        name = self.plan.name
        if upcoming is None:
            if not self._fired:
                _log.warning(
                    "The schedule %s does not fire: its time has passed.", name, extra=self._fields
                )
            return NEVER
        if last - now > _AHEAD:
            _log.warning(
                "The schedule %s fires again after %s, by this machine's clock: a tick as late as "
                "that is claimed already. Where a wrong clock did that, give it another name.",
                *(name, last.isoformat()),
                extra=self._fields,
            )
        return upcoming

    @property
    def _fields(self) -> dict[str, str]:
        return {"schedule": self.plan.name}

    def _trouble(self, error: Exception) -> None:
        """Tell once of what may go on for long."""
        if not self._troubled:
            unforeseen = None if isinstance(error, ServeyError) else error
            _log.warning(
                "The schedule %s waits until it can go on: %s",
                *(self.plan.name, error),
                exc_info=unforeseen,
                extra=self._fields,
            )
        self._troubled = True
