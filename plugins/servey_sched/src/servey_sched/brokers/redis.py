"""A Dramatiq broker on Redis: as durable as the Redis is, and for any number of machines."""

import json
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import dramatiq
from dramatiq.errors import DecodeError, QueueJoinTimeout

from servey_sched.brokers import redis_inspection as inspection
from servey_sched.brokers import redis_scripts as scripts
from servey_sched.brokers.base import DeadJob, JobBroker, QueueSizes
from servey_sched.brokers.messages import decode, priority_of, renewed
from servey_sched.brokers.redis_consumer import RedisConsumer
from servey_sched.brokers.redis_layout import Script
from servey_sched.brokers.redis_server import RedisServer

PREFIX = "servey:jobs:"
"""What the broker's keys begin with, among others in the same database."""

LEASE = 15.0
"""After how long without a heartbeat a worker is thought dead, in seconds."""

PATIENCE = 5.0
"""For how long a Redis that does not answer is waited for, in seconds."""

JOIN_PAUSE = 0.02
"""How often `join` looks, in seconds."""

LONGEST_DELAY = 100 * 365 * 24 * 3_600_000
"""How long a job may be held back at most, in milliseconds: what Redis can still tell apart."""


class RedisBroker(JobBroker):
    """Keeps jobs in a Redis ≥ 6.2 or a Valkey, where no cluster shares the keys out.

    What `enqueue` has accepted survives a crash of the Redis where that has `appendonly yes` and
    `appendfsync always`; its `maxmemory-policy` must be `noeviction`. Leases and delays go by
    Redis' clock. A message id is one job: to enqueue a message again replaces what is there of it,
    so to repeat an `enqueue` that failed is safe, and a retry takes the place of what it retries.

    Threads may share a broker; a forked child may enqueue with its parent's, but needs consumers
    of its own.

    Args:
        url: Where the Redis is: `redis://`, `rediss://` for TLS, `unix://`.
        middleware: Dramatiq's middleware; None for Dramatiq's own choice.
        prefix: What the keys begin with.
        lease: After how long without a heartbeat others get a worker's jobs, in seconds.
        patience: For how long a Redis that does not answer is waited for, in seconds.

    Raises:
        SettingsError: The URL does not do.
    """

    def __init__(
        self,
        url: str,
        *,
        middleware: list[dramatiq.Middleware] | None = None,
        prefix: str = PREFIX,
        lease: float = LEASE,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(middleware)
        self._server = RedisServer(url, prefix, patience)
        self._lease = round(lease * 1000)
        self._consumers: set[RedisConsumer] = set()

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> RedisConsumer:
        """Take jobs of a queue.

        Args:
            queue_name: The queue.
            prefetch: How many jobs the consumer holds at most.
            timeout: How long it waits for a job before it gives None, in milliseconds.

        Raises:
            QueueNotFound: The queue is not declared.
        """
        self.require_queue(queue_name)
        consumer = RedisConsumer(
            self._server, queue_name, prefetch=prefetch, timeout=timeout, lease=self._lease
        )
        self._consumers.add(consumer)
        self._consumers.difference_update([one for one in self._consumers.copy() if one.closed])
        return consumer

    def enqueue_many(
        self, messages: Sequence[dramatiq.Message[Any]], *, delay: int | None = None
    ) -> None:
        """Enqueue all of some messages or, where it raises, none, in one durable step.

        Redis does nothing else meanwhile: some 10 µs for each.
        """
        for message in messages:
            self.emit_before("enqueue", message, delay)
        words = [word for message in messages for word in self._job(message, delay)]
        if words:
            self._server.run(scripts.ENQUEUE, *words)
        for message in messages:
            self.emit_after("enqueue", message, delay)

    def claim(
        self, schedule: str, tick: str, message: dramatiq.Message[Any], *, keep_seconds: int
    ) -> bool:
        """Claim a tick of a schedule and enqueue its message, both in one atomic step."""
        self.emit_before("enqueue", message, None)
        claimed = self._server.run(
            scripts.CLAIM,
            json.dumps([schedule, tick]),
            keep_seconds,
            uuid4().hex,
            *self._job(message, None),
        )
        if claimed:
            self.emit_after("enqueue", message, None)
        return bool(claimed)

    def dead(self, *, queue: str | None = None, limit: int = 100) -> list[DeadJob]:
        """The dead letters that died last, the last one first."""
        found = self._ask(inspection.DEAD, limit, *([] if queue is None else [queue]))
        found.sort(key=lambda letter: int(letter[2]), reverse=True)
        return [_dead_job(letter) for letter in found[:limit]]

    def retry_dead(self, job_id: str) -> bool:
        """Put a dead letter back into its queue, as if it were enqueued for the first time."""
        found = self._ask(inspection.DEAD_MESSAGE, _id(job_id))
        if found is None:
            return False
        queue, data = found
        return bool(self._ask(inspection.RETRY, _id(job_id), data, _first_try(queue, data)))

    def purge_dead(self, job_id: str | None = None) -> int:
        """Forget a dead letter, or all; how many were forgotten."""
        return int(self._ask(inspection.PURGE, *([] if job_id is None else [_id(job_id)])))

    def cancel(self, job_id: str) -> bool:
        """Forget a job that no consumer has yet."""
        return bool(self._ask(inspection.CANCEL, _id(job_id)))

    def sizes(self) -> dict[str, QueueSizes]:
        """How many jobs each queue has, those declared here and those that have jobs."""
        sizes = dict.fromkeys(self.queues, QueueSizes())
        for name, *counts in self._ask(inspection.SIZES):
            sizes[name.decode()] = QueueSizes(*counts)
        return sizes

    def flush(self, queue_name: str) -> None:
        """Drop what no consumer has yet from a queue; dead letters stay."""
        self._ask(inspection.FLUSH, queue_name)

    def join(self, queue_name: str, *, timeout: int | None = None) -> None:
        """Wait until a queue has no jobs but dead ones.

        Args:
            queue_name: The queue.
            timeout: How long to wait, in milliseconds; None for ever.

        Raises:
            QueueJoinTimeout: It has some still.
        """
        deadline = None if timeout is None else time.monotonic() + timeout / 1000
        while True:
            size = self.sizes().get(queue_name, QueueSizes())
            if not (size.ready or size.delayed or size.running):
                return
            if deadline is not None and time.monotonic() >= deadline:
                raise _join_timeout(queue_name)
            time.sleep(JOIN_PAUSE)

    def close(self) -> None:
        """Give back what consumers hold, and close the connections."""
        for consumer in self._consumers.copy():
            consumer.close()
        self._server.close()

    def _ask(self, script: Script, *arguments: str | bytes | int) -> Any:
        """The answer of Redis, which has heard of all that consumers of this broker have said."""
        for consumer in self._consumers.copy():
            consumer.flush()
        return self._server.run(script, *arguments)

    def _job(
        self, message: dramatiq.Message[Any], delay: int | None
    ) -> tuple[str, str, bytes, int, int | str]:
        """A job as the scripts take it."""
        self.require_queue(message.queue_name)
        if delay is not None and not (isinstance(delay, int) and 0 <= delay <= LONGEST_DELAY):
            raise ValueError(f"The delay of a job is a number of milliseconds, not {delay!r}.")
        return (
            message.queue_name,
            message.message_id,
            message.encode(),
            priority_of(message, self),
            "" if delay is None else int(delay),
        )


_join_timeout: Callable[[str], QueueJoinTimeout] = QueueJoinTimeout


def _id(job_id: str) -> bytes:
    """A job's id as Redis has it, which may be anything."""
    return job_id.encode("utf-8", "surrogateescape")


def _first_try(queue: bytes, data: bytes) -> bytes:
    """A dead letter's message as it was before it was tried; one that cannot be read, as it is."""
    try:
        return renewed(decode(queue.decode(), data)).encode()
    except DecodeError:
        return data


def _dead_job(letter: Sequence[bytes]) -> DeadJob:
    job, queue, moment, data, error, starts = letter
    message: dramatiq.Message[Any] | None
    try:
        message = decode(queue.decode(), data)
    except DecodeError:
        message = None
    return DeadJob(
        id=job.decode("utf-8", "surrogateescape"),
        queue=queue.decode(),
        actor=message.actor_name if message else "",
        message=message,
        error=error.decode("utf-8", "replace"),
        starts=int(starts),
        died_at=datetime.fromtimestamp(int(moment) / 1_000_000, UTC),
    )
