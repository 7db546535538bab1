"""Claims of ticks in an SQLite file."""

from datetime import datetime
from functools import partial
from typing import Any

import dramatiq

from servey_sched.brokers import sqlite_schedules as schedules
from servey_sched.brokers.claiming import ClaimingBroker, Tick
from servey_sched.brokers.sqlite_jobs import Entry
from servey_sched.brokers.sqlite_writer import Writer
from servey_sched.brokers.ticks import Claim, KnownSchedule
from servey_sched.schedules.ticks import tick_name


class SqliteTicks(ClaimingBroker):
    """What a broker on SQLite does about schedules."""

    _writer: Writer

    def schedule(self, name: str, *, now: datetime) -> KnownSchedule:
        """What is remembered of a schedule; see `TickClaims`."""
        moment = tick_name(now)
        touch = partial(schedules.touch, name=name, moment=moment)
        add = partial(schedules.add, name=name, moment=moment)
        return self._writer.run(touch) or self._writer.run(add, durable=True)

    def _claim(self, tick: Tick, message: dramatiq.Message[Any], delay: int | None) -> Claim:
        claim = partial(schedules.claim, tick=tick, entry=self._entry(message, delay))
        return self._writer.run(claim, durable=True)

    def schedules(self) -> dict[str, KnownSchedule]:
        """Every schedule that is remembered, by its name."""
        return self._writer.run(schedules.schedules)

    def forget_schedule(self, name: str) -> bool:
        """Forget a schedule; whether there was one."""
        return self._writer.run(partial(schedules.forget, name=name), durable=True)

    def _entry(self, message: dramatiq.Message[Any], delay: int | None) -> Entry:
        """A message as a job that is to be enqueued."""
        raise NotImplementedError
