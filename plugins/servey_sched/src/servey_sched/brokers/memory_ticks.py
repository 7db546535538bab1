"""Claims of ticks in memory."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import dramatiq

from servey_sched.brokers.claiming import ClaimingBroker, Tick, decide
from servey_sched.brokers.memory_heap import Job
from servey_sched.brokers.memory_jobs import Jobs
from servey_sched.brokers.ticks import Claim, Claimed, KnownSchedule
from servey_sched.schedules.ticks import in_utc


class MemoryTicks(ClaimingBroker):
    """What a broker in memory does about schedules."""

    _jobs: Jobs
    _known: dict[str, KnownSchedule]

    def schedule(self, name: str, *, now: datetime) -> KnownSchedule:
        """What is remembered of a schedule; see `TickClaims`."""
        moment = in_utc(now, "now")
        with self._jobs.lock:
            known = self._known.get(name) or KnownSchedule(moment)
            self._known[name] = known = replace(known, seen=moment)
            return known

    def _claim(self, tick: Tick, message: dramatiq.Message[Any], delay: int | None) -> Claim:
        job = self._job(message, delay)
        with self._jobs.lock:
            decision = decide(tick, self._known.get(tick.schedule), self._jobs.states)
            for one in decision.forgotten:
                self._jobs.remove(one)
            if decision.claim.outcome is Claimed.FIRED:
                self._jobs.put([job])
            if decision.after:
                self._known[tick.schedule] = decision.after
            return decision.claim

    def schedules(self) -> dict[str, KnownSchedule]:
        """Every schedule that is remembered, by its name."""
        with self._jobs.lock:
            return dict(sorted(self._known.items()))

    def forget_schedule(self, name: str) -> bool:
        """Forget a schedule; whether there was one."""
        with self._jobs.lock:
            return self._known.pop(name, None) is not None

    def _job(self, message: dramatiq.Message[Any], delay: int | None) -> Job:
        """A message as a job that is not there yet."""
        raise NotImplementedError
