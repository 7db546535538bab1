"""Claiming ticks in the state store, for a broker that has no place for it, such as RabbitMQ.

A claim and the enqueue of its job are two steps then. The claim is written first, with the job;
whoever sees one whose job is still not confirmed after a while enqueues it, perhaps again. Such a
job may be there twice, but runs once: it has an idempotency key.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import dramatiq

from servey_core import Overlap, ServeyError, StateStore
from servey_sched.brokers.base import JobBroker
from servey_sched.brokers.ticks import Claim, Claimed, KnownSchedule
from servey_sched.queue import broker_errors
from servey_sched.schedules.ticks import in_utc, tick_name
from servey_sched.scheduling.claiming import Claims
from servey_sched.scheduling.store_rows import Pending, Row, claimed

KEPT = 400 * 24 * 3600.0
"""For how long a schedule is remembered that nobody asks for, in seconds."""

UNCONFIRMED_SECONDS = 10.0
"""After how long a job that is not confirmed is thought that of a dead node."""

_PAUSE = 1.0
"""How long to wait before what failed is tried again, in seconds."""

_log = logging.getLogger("servey.schedules")


class StoreClaims(Claims):
    """Claims in the state store.

    Args:
        state: Gives the store.
        broker: Where jobs go.
        unconfirmed_seconds: After how long a job that is not confirmed is enqueued by others.
    """

    def __init__(
        self,
        state: Callable[[], StateStore],
        broker: JobBroker,
        unconfirmed_seconds: float = UNCONFIRMED_SECONDS,
    ) -> None:
        self._state = state
        self._broker = broker
        self._patience = unconfirmed_seconds
        self._owed: dict[tuple[str, str], float] = {}
        """When to enqueue the jobs of schedules that are pending, where they still are."""
        self._late: set[str] = set()
        self._ending: dict[str, asyncio.Task[None]] = {}

    async def schedule(self, name: str, *, now: datetime) -> KnownSchedule:
        """What is remembered of a schedule; one that is new counts from `now` on."""
        moment = tick_name(now)
        row = await self._change(name, lambda row: replace(row or Row(moment, moment), seen=moment))
        assert row is not None  # noqa: S101 - it was made
        self._note(name, row.pending)
        return row.known()

    async def claim(  # noqa: PLR0913 - as `TickClaims`
        self,
        name: str,
        tick: datetime,
        message: dramatiq.Message[Any],
        *,
        overlap: Overlap,
        missed: int,
        since: datetime | None = None,
        delay: int | None,
    ) -> Claim:
        """Claim a tick, and enqueue its job."""
        await self._settle(name)  # or else more and more would be owed to a broker that is away
        moment = in_utc(tick, "tick")
        job = Pending(message.message_id, message.encode().decode(), delay)
        answers: list[Claim] = []

        def decide(row: Row | None) -> Row | None:
            after, answer = claimed(row, moment, job, overlap=overlap, missed=missed, since=since)
            answers.append(answer)
            return after

        row = await self._change(name, decide)
        if answers[-1].outcome is Claimed.FIRED:
            self._owed[name, job.id] = time.monotonic()
            await self._hand_over(name, [job])
        self._note(name, row.pending if row else ())
        return answers[-1]

    async def known(self, names: Collection[str]) -> Mapping[str, KnownSchedule]:
        """What is remembered of schedules."""
        found = {name: await self._state().get(_key(name)) for name in names}
        return {name: Row.from_bytes(text).known() for name, text in found.items() if text}

    async def forget_unseen(self, keep: Collection[str], before: datetime) -> None:
        """Nothing: what nobody asks for is forgotten by itself."""

    async def settle(self) -> None:
        """Enqueue the jobs of claims whose nodes have died, as it seems, before they did."""
        for name in {name for name, _ in self._owed}:
            try:
                await self._settle(name)
            except ServeyError as error:
                if name not in self._late:
                    _log.warning("A job of the schedule %s is not enqueued yet: %s", name, error)
                self._late.add(name)
            else:
                self._late.discard(name)

    async def ended(self, schedule: str, job_id: str) -> None:
        """Know that a schedule's job has ended; where that fails, it is tried again and again."""
        try:
            await self._close(schedule, job_id)
        except ServeyError:
            if job_id not in self._ending:
                trying = asyncio.create_task(self._close_at_last(schedule, job_id))
                self._ending[job_id] = trying
            raise

    async def _close_at_last(self, schedule: str, job_id: str) -> None:
        while True:
            await asyncio.sleep(_PAUSE)
            try:
                await self._close(schedule, job_id)
            except ServeyError:  # the store has said so
                continue
            del self._ending[job_id]
            return

    async def _close(self, schedule: str, job_id: str) -> None:
        def close(row: Row | None) -> Row | None:
            if row is None:
                return None
            return replace(row, open={one: at for one, at in row.open.items() if one != job_id})

        await self._change(schedule, close)

    def _note(self, name: str, pending: Iterable[Pending]) -> None:
        """Remember what may have to be enqueued."""
        for job in pending:
            self._owed.setdefault((name, job.id), time.monotonic() + self._patience)

    async def _settle(self, name: str) -> None:
        """Enqueue what is pending and owed of a schedule."""
        now = time.monotonic()
        owed = {job for (one, job), at in self._owed.items() if one == name and at <= now}
        if not owed:
            return
        text = await self._state().get(_key(name))
        pending = Row.from_bytes(text).pending if text else ()
        await self._hand_over(name, [job for job in pending if job.id in owed])
        for job in owed:
            self._owed.pop((name, job), None)

    async def _hand_over(self, name: str, jobs: Iterable[Pending]) -> None:
        for job in jobs:
            message: dramatiq.Message[Any] = dramatiq.Message.decode(job.message.encode())
            with broker_errors():
                await asyncio.to_thread(self._broker.enqueue, message, delay=job.delay)
            await self._change(name, partial(_confirmed, job=job))
            self._owed.pop((name, job.id), None)

    async def _change(self, name: str, change: Callable[[Row | None], Row | None]) -> Row | None:
        """Change a row, whatever others do to it meanwhile; as it is then."""
        store, key = self._state(), _key(name)
        while True:
            text = await store.get(key)
            before = None if text is None else Row.from_bytes(text)
            after = change(before)
            if after is None or after == before:
                return after
            if text is None:
                if await store.add(key, after.to_bytes(), KEPT) is None:
                    return after
            elif await store.replace(key, text, after.to_bytes(), KEPT):
                return after


def _confirmed(row: Row | None, job: Pending) -> Row | None:
    if row is None:
        return None
    return replace(row, pending=tuple(one for one in row.pending if one.id != job.id))


def _key(name: str) -> str:
    return f"schedule:{name}"
