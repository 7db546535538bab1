"""The nodes of a simulation: they sleep, look and claim, and faults befall them."""

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count

from servey_sched.schedules.claims import ClaimTable
from servey_sched.schedules.faults import ClockStep, Fault, Kill, Pause
from servey_sched.schedules.firings import Firing, Missed
from servey_sched.schedules.jitter import jitter
from servey_sched.schedules.misfires import due, missed
from servey_sched.schedules.schedule import Schedule
from servey_sched.schedules.ticks import in_utc
from servey_sched.schedules.zones import offset

LATENCY = timedelta(milliseconds=10)
"""How long the first replica takes from a decision to its claim; each further one, as much more."""


@dataclass(frozen=True, slots=True, order=True)
class _Step:
    """What a replica does next for one schedule: look, or claim what it found due.

    Steps sort by `at`, then as they were planned.
    """

    at: datetime
    turn: int
    replica: int
    schedule: str
    due: tuple[datetime, ...] = ()


@dataclass(slots=True)
class Nodes:
    """Replicas that share a table of claims, on a virtual clock.

    Attributes:
        schedules: What each of them runs, by name.
        start: The first moment, in UTC.
        end: The moment before which ticks fire, in UTC.
        faults: What befalls them; they fit the replicas.
        claims: The table in which they claim.
        steps: What they do next, soonest first.
        turns: The number of the next step.
        pending: The step that counts, for each replica and schedule; others are outdated.
    """

    schedules: dict[str, Schedule]
    start: datetime
    end: datetime
    faults: Sequence[Fault]
    claims: ClaimTable
    steps: list[_Step] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=count)
    pending: dict[tuple[int, str], _Step] = field(default_factory=dict)

    def run(self, replicas: int) -> Iterator[Firing | Missed]:
        """What so many replicas fire, and what is missed, in order."""
        for replica in range(replicas):
            for name in self.schedules:
                self._plan(replica, name, self.start, self.start)
        clock_steps = deque(sorted(self._clock_steps(), key=lambda fault: fault.at))
        while self.steps or clock_steps:
            if clock_steps and (not self.steps or clock_steps[0].at <= self.steps[0].at):
                self._wake(clock_steps.popleft())
                continue
            step = heapq.heappop(self.steps)
            if self.pending[step.replica, step.schedule] is step:
                yield from self._take(step)
        for schedule in self.schedules.values():
            yield from self._missed(schedule, self.end)

    def _plan(
        self,
        replica: int,
        schedule: str,
        now: datetime,
        at: datetime,
        due: tuple[datetime, ...] = (),
    ) -> None:
        """Let a replica do one thing next for a schedule, instead of what it had planned.

        Where it is killed before, it looks anew when it is back: at the end, if it never is.
        """
        at = max(now, at)
        for kill in self._kills(replica):
            if kill.until is not None and in_utc(kill.until, "until") <= now:
                continue
            if kill.at > at:
                break
            due = ()
            at = now = in_utc(kill.until or self.end, "until")
        step = _Step(at, next(self.turns), replica, schedule, due)
        self.pending[replica, schedule] = step
        heapq.heappush(self.steps, step)

    def _kills(self, replica: int) -> list[Kill]:
        kills = (fault for fault in self.faults if isinstance(fault, Kill))
        return sorted((kill for kill in kills if kill.replica == replica), key=lambda kill: kill.at)

    def _clock_steps(self) -> Iterator[ClockStep]:
        for fault in self.faults:
            if isinstance(fault, ClockStep) and fault.at < self.end:
                yield fault

    def _ahead(self, replica: int, at: datetime) -> timedelta:
        """How far a replica's clock is ahead of the true one."""
        steps = (step for step in self._clock_steps() if step.replica == replica)
        return sum((step.by for step in steps if step.at <= at), timedelta(0))

    def _wake(self, fault: ClockStep) -> None:
        """A node whose clock is set sleeps no longer; one that is about to claim goes on."""
        for name in self.schedules:
            if not self.pending[fault.replica, name].due:
                self._plan(fault.replica, name, max(fault.at, self.start), self.start)

    def _take(self, step: _Step) -> Iterator[Firing | Missed]:
        for fault in self.faults:
            if isinstance(fault, Pause) and fault.replica == step.replica and fault.covers(step.at):
                self._resume(step, fault)
                return
        if step.due:
            yield from self._claim(step)
        elif step.at < self.end:
            self._look(step)

    def _resume(self, step: _Step, pause: Pause) -> None:
        if pause.until is not None and pause.until < self.end:
            resumed = replace(step, at=in_utc(pause.until, "until"))
            self.pending[step.replica, step.schedule] = resumed
            heapq.heappush(self.steps, resumed)

    def _look(self, step: _Step) -> None:
        schedule = self.schedules[step.schedule]
        ahead = self._ahead(step.replica, step.at)
        now = min(step.at + ahead, self.end - timedelta.resolution)
        last = self.claims.last(schedule.name)
        if found := due(last, now, schedule.ticks, schedule.misfire):
            self._plan_claim(step, tuple(found))
            return
        upcoming = schedule.ticks.next_after(max(last, now))
        if upcoming is not None and upcoming < self.end:
            self._plan(step.replica, schedule.name, step.at, upcoming - ahead)

    def _plan_claim(self, step: _Step, due: tuple[datetime, ...]) -> None:
        at = step.at + LATENCY * (step.replica + 1)
        self._plan(step.replica, step.schedule, step.at, at, due)

    def _claim(self, step: _Step) -> Iterator[Firing | Missed]:
        schedule = self.schedules[step.schedule]
        tick, *later = step.due
        last = self.claims.last(schedule.name)
        passed = list(self._missed(schedule, tick))
        if self.claims.claim(schedule.name, tick):
            yield from passed
            zone = schedule.ticks.zone
            yield Firing(
                schedule=schedule.name,
                tick=tick.astimezone(zone),
                shift=offset(zone, tick) - offset(zone, last),
                at=step.at,
                delay=jitter(schedule.name, tick, schedule.jitter),
                replica=step.replica,
            )
        if later:
            self._plan_claim(step, tuple(later))
        else:
            self._plan(step.replica, schedule.name, step.at, step.at)

    def _missed(self, schedule: Schedule, until: datetime) -> Iterator[Missed]:
        """What is passed over where `until` is claimed next."""
        last = self.claims.last(schedule.name)
        if last < until and (passed := missed(last, until, schedule.ticks)):
            yield Missed(schedule.name, passed, last, until)
