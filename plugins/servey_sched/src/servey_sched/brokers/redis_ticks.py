"""Claims of ticks in Redis."""

from datetime import datetime
from typing import Any
from uuid import uuid4

import dramatiq

from servey_sched.brokers import redis_schedules as scripts
from servey_sched.brokers.claiming import ClaimingBroker, Tick
from servey_sched.brokers.redis_layout import Script
from servey_sched.brokers.ticks import Claim, Claimed, KnownSchedule
from servey_sched.schedules.ticks import tick_name


class RedisTicks(ClaimingBroker):
    """What a broker on Redis does about schedules."""

    def schedule(self, name: str, *, now: datetime) -> KnownSchedule:
        """What is remembered of a schedule; see `TickClaims`."""
        return _known(*self._ask(scripts.SEE, name, tick_name(now)))[1]

    def _claim(self, tick: Tick, message: dramatiq.Message[Any], delay: int | None) -> Claim:
        token, moment = uuid4().hex, tick_name(tick.moment)
        since = tick_name(tick.since) if tick.since else ""
        words = (tick.schedule, token, moment, tick.missed, tick.overlap.value, since)
        job = self._job(message, delay)
        outcome, last, replaced = self._ask(scripts.CLAIM, *words, *job)
        return Claim(Claimed(outcome.decode()), _moment(last), _ids(replaced))

    def schedules(self) -> dict[str, KnownSchedule]:
        """Every schedule that is remembered, by its name."""
        return dict(sorted(_known(*found) for found in self._ask(scripts.SCHEDULES)))

    def forget_schedule(self, name: str) -> bool:
        """Forget a schedule; whether there was one."""
        return bool(self._ask(scripts.FORGET, name))

    def _ask(self, script: Script, *arguments: str | bytes | int) -> Any:
        """The answer of Redis, which has heard of all that consumers of this broker have said."""
        raise NotImplementedError

    def _job(
        self, message: dramatiq.Message[Any], delay: int | None
    ) -> tuple[str, str, bytes, int, int | str]:
        """A job as the scripts take it, of which middleware has heard."""
        raise NotImplementedError


def _known(  # noqa: PLR0913, PLR0917 - as the scripts tell it
    name: bytes,
    last: bytes,
    fired: bytes,
    missed: bytes,
    dropped: bytes,
    seen: bytes,
    jobs: list[bytes],
) -> tuple[str, KnownSchedule]:
    return name.decode(), KnownSchedule(
        last=_moment(last),
        fired=int(fired),
        missed=int(missed),
        dropped=int(dropped),
        open=_ids(jobs),
        seen=_moment(seen) if seen else None,
    )


def _moment(name: bytes) -> datetime:
    return datetime.fromisoformat(name.decode())


def _ids(jobs: list[bytes]) -> tuple[str, ...]:
    return tuple(job.decode("utf-8", "surrogateescape") for job in jobs)
