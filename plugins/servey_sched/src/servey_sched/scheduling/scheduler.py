"""A scheduler: wakes at ticks, and has its schedules fire them."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from servey_core import ServeyError, StateStore
from servey_core.stopping import ends_before
from servey_sched.scheduling.claiming import Claims
from servey_sched.scheduling.plans import Plan
from servey_sched.scheduling.watched import AT_ONCE, Clock, Watched

LONGEST_SLEEP = timedelta(seconds=1)
"""How long a scheduler sleeps at most: then it sees a clock that was set."""

FORGOTTEN_AFTER = timedelta(days=30)
"""After how long a schedule is forgotten that no scheduler has any more."""

_TIDY_SECONDS = 6 * 3600.0
"""How often is said which schedules there still are, and others are forgotten."""

_log = logging.getLogger("servey.schedules")


def wall_clock() -> datetime:
    """The present moment, by this machine's clock."""
    return datetime.now(UTC)


class Scheduler:
    """Fires the ticks of schedules; any number of nodes may run one.

    Args:
        plans: The schedules.
        claims: Where ticks are claimed.
        state: Gives where cancellations are kept, and the rules of schedules.
        clock: Tells the present moment.
    """

    def __init__(
        self,
        plans: Sequence[Plan],
        claims: Claims,
        state: Callable[[], StateStore],
        clock: Clock = wall_clock,
    ) -> None:
        self._watched = [Watched(plan, claims, state, clock) for plan in plans]
        self._claims = claims
        self._clock = clock
        self._seen = AT_ONCE
        self._tidied: float | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Fire ticks until the stop."""
        while not stop.is_set():
            seconds = (await self.turn()).total_seconds()
            await ends_before(asyncio.sleep(seconds), stop)

    async def turn(self) -> timedelta:
        """Do what is due.

        Returns:
            For how long to sleep then.
        """
        now = self._clock()
        if now < self._seen:  # what was to be done by the clock as it was is nothing to go by
            for watched in self._watched:
                watched.wake = AT_ONCE
        self._seen = now
        await asyncio.gather(*(one.look() for one in self._watched if one.wake <= now))
        await self._keep_house()
        soonest = min((one.wake for one in self._watched), default=now + LONGEST_SLEEP)
        return max(timedelta(0), min(LONGEST_SLEEP, soonest - self._clock()))

    async def _keep_house(self) -> None:
        """Do what no schedule waits for; what goes wrong there is no reason to stop."""
        try:
            await self._claims.settle()
            await self._tidy_up()
        except ServeyError as error:
            _log.warning("Schedules that are gone are not forgotten yet: %s", error)
        except Exception:  # noqa: BLE001 - schedules go on
            _log.exception("Schedules that are gone cannot be forgotten")

    async def _tidy_up(self) -> None:
        """Say which schedules there are, and forget those that nobody has had for long."""
        if self._tidied is not None and time.monotonic() < self._tidied + _TIDY_SECONDS:
            return
        first, self._tidied = self._tidied is None, time.monotonic()
        names = {watched.plan.name for watched in self._watched}
        if not first:
            await asyncio.gather(*(watched.touch() for watched in self._watched))
        await self._claims.forget_unseen(names, self._clock() - FORGOTTEN_AFTER)
