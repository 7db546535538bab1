"""Claiming ticks, for schedulers on an event loop: in the broker, or else in the state store."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import dramatiq

from servey_core import Overlap, Runtime, SettingsError
from servey_core.state.memory import MemoryStore
from servey_sched.brokers.base import JobBroker
from servey_sched.brokers.ticks import Claim, KnownSchedule, TickClaims
from servey_sched.queue import broker_errors


class Claims(ABC):
    """A table of schedules, as `TickClaims` has it, without blocking the event loop.

    Every method raises `Unavailable` where it cannot be used just now.
    """

    @abstractmethod
    async def schedule(self, name: str, *, now: datetime) -> KnownSchedule:
        """What is remembered of a schedule; one that is new counts from `now` on."""

    @abstractmethod
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

    @abstractmethod
    async def known(self, names: Collection[str]) -> Mapping[str, KnownSchedule]:
        """What is remembered of schedules, of those that are remembered at all."""

    @abstractmethod
    async def forget_unseen(self, keep: Collection[str], before: datetime) -> None:
        """Forget the schedules that no scheduler has had since a moment."""

    @abstractmethod
    async def settle(self) -> None:
        """Do what earlier claims have left undone; to be called every second or so."""

    @abstractmethod
    async def ended(self, schedule: str, job_id: str) -> None:
        """Know that a schedule's job has ended."""


class BrokerClaims(Claims):
    """Claims in the broker itself, where a claim and its job are one atomic step.

    Args:
        table: The broker's table.
    """

    def __init__(self, table: TickClaims) -> None:
        self._table = table

    async def schedule(self, name: str, *, now: datetime) -> KnownSchedule:
        """What is remembered of a schedule; one that is new counts from `now` on."""
        with broker_errors():
            return await asyncio.to_thread(self._table.schedule, name, now=now)

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
        with broker_errors():
            return await asyncio.to_thread(
                self._table.claim,
                name,
                tick,
                message,
                overlap=overlap,
                missed=missed,
                since=since,
                delay=delay,
            )

    async def known(self, names: Collection[str]) -> Mapping[str, KnownSchedule]:
        """What is remembered of schedules."""
        with broker_errors():
            found = await asyncio.to_thread(self._table.schedules)
        return {name: found[name] for name in names if name in found}

    async def forget_unseen(self, keep: Collection[str], before: datetime) -> None:
        """Forget the schedules that no scheduler has had since a moment."""
        with broker_errors():
            found = await asyncio.to_thread(self._table.schedules)
            for name, known in found.items():
                if name not in keep and (known.seen is None or known.seen < before):
                    await asyncio.to_thread(self._table.forget_schedule, name)

    async def settle(self) -> None:
        """Nothing: a claim is done, or it is not."""

    async def ended(self, schedule: str, job_id: str) -> None:
        """Nothing: the broker knows which jobs there are."""


def claims_of(runtime: Runtime, broker: JobBroker) -> Claims:
    """Where the schedules of an application are claimed."""
    if isinstance(broker, TickClaims):
        return BrokerClaims(broker)
    from servey_sched.scheduling.store_claims import StoreClaims

    return StoreClaims(lambda: runtime.state, broker)


def require_claims(runtime: Runtime, broker: JobBroker) -> None:
    """Refuse schedules where ticks could not be claimed once over several nodes.

    Raises:
        SettingsError: The broker has no place for claims, and neither has the state store.
    """
    if not isinstance(broker, TickClaims) and isinstance(runtime.state, MemoryStore):
        raise SettingsError(
            "Schedules on RabbitMQ need a place where all nodes see which ticks have fired, and "
            "SERVEY_STATE is memory:, which each process has for itself. Set it to redis://… or, "
            "on one machine, to sqlite:///servey.db."
        )
