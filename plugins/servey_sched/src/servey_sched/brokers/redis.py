"""A Dramatiq broker on Redis: as durable as the Redis is, and for any number of machines."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dramatiq

from servey_sched.brokers import redis_inspection as inspection
from servey_sched.brokers import redis_scripts as scripts
from servey_sched.brokers.base import (
    DeadJob,
    JobState,
    KnownJob,
    QueueSizes,
    milliseconds_of,
    not_dead,
)
from servey_sched.brokers.messages import dead_job, first_try, known_job, priority_of
from servey_sched.brokers.redis_consumer import RedisConsumer
from servey_sched.brokers.redis_layout import Script
from servey_sched.brokers.redis_server import RedisServer
from servey_sched.brokers.redis_ticks import RedisTicks
from servey_sched.brokers.suspects import ALONE_FROM, Cell

PREFIX = "servey:jobs:"
"""What the broker's keys begin with, among others in the same database."""

LEASE = 15.0
"""After how long without a heartbeat a worker is thought dead, in seconds."""

PATIENCE = 5.0
"""For how long a Redis that does not answer is waited for, in seconds."""

_STATES: dict[bytes, JobState] = {b"delayed": "delayed", b"running": "running", b"dead": "dead"}
"""The states that Redis has by the same name; the others are kinds of `ready`."""


class RedisBroker(RedisTicks):
    """Keeps jobs in a Redis ≥ 6.2 or a Valkey, where no cluster shares the keys out.

    What `enqueue` has accepted survives a crash of the Redis where that has `appendonly yes` and
    `appendfsync always`; its `maxmemory-policy` must be `noeviction`. Leases and delays go by
    Redis' clock.

    Threads may share a broker; a forked child may enqueue with its parent's, but needs consumers
    of its own.

    Args:
        url: Where the Redis is: `redis://`, `rediss://` for TLS, `unix://`.
        middleware: Dramatiq's middleware; None for Dramatiq's own choice.
        prefix: What the keys begin with.
        lease: After how long without a heartbeat others get a worker's jobs, in seconds.
        patience: For how long a Redis that does not answer is waited for, in seconds.
        alone_from: How often a job has been started, at least, that starts alone; see `suspects`.

    Raises:
        SettingsError: The URL does not do.
    """

    def __init__(  # noqa: PLR0913 - all but the first have defaults
        self,
        url: str,
        *,
        middleware: list[dramatiq.Middleware] | None = None,
        prefix: str = PREFIX,
        lease: float = LEASE,
        patience: float = PATIENCE,
        alone_from: int = ALONE_FROM,
    ) -> None:
        super().__init__(middleware)
        self._server = RedisServer(url, prefix, patience)
        self._lease = round(lease * 1000)
        self._cell = Cell(alone_from)
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
            self._server,
            queue_name,
            prefetch=prefetch,
            timeout=timeout,
            lease=self._lease,
            cell=self._cell,
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
        words = [word for message in messages for word in self._job(message, delay)]
        if words:
            self._server.run(scripts.ENQUEUE, *words)
        for message in messages:
            self.emit_after("enqueue", message, delay)

    def find(self, job_id: str) -> KnownJob | None:
        """What is known of a job; None where there is none; see `JobBroker`."""
        found = self._ask(inspection.FIND, _id(job_id))
        return _known_job(found) if found else None

    def jobs(
        self, *, state: JobState, queue: str | None = None, limit: int = 100
    ) -> list[KnownJob]:
        """The jobs that are in a state, in their order; see `JobBroker`."""
        queues = [] if queue is None else [queue]
        found = self._ask(inspection.JOBS, not_dead(state), limit, *queues)
        return [_known_job(job) for job in sorted(found, key=_rank)[:limit]]

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
        return bool(self._ask(inspection.RETRY, _id(job_id), data, first_try(queue.decode(), data)))

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
        """A job as the scripts take it, of which middleware has heard."""
        self.require_queue(message.queue_name)
        milliseconds = milliseconds_of(delay)
        self.emit_before("enqueue", message, delay)
        return (
            message.queue_name,
            message.message_id,
            message.encode(),
            priority_of(message, self),
            milliseconds or "",
        )


def _id(job_id: str) -> bytes:
    """A job's id as Redis has it, which may be anything."""
    return job_id.encode("utf-8", "surrogateescape")


def _rank(job: Sequence[bytes]) -> tuple[bool, float, bytes]:
    """Where a job stands among those of its state."""
    _, _, state, _, priority, _, order, due = job
    return state == b"ready", float(due or priority), order


def _known_job(job: Sequence[bytes]) -> KnownJob:
    job_id, queue, state, data, priority, starts, _, due = job
    return known_job(
        job_id.decode("utf-8", "surrogateescape"),
        queue=queue.decode(),
        body=data,
        state=_STATES.get(state, "ready"),
        priority=int(priority),
        starts=int(starts),
        due=_moment(float(due) / 1000) if due else None,
    )


def _dead_job(letter: Sequence[bytes]) -> DeadJob:
    job, queue, moment, data, error, starts = letter
    return dead_job(
        job.decode("utf-8", "surrogateescape"),
        queue=queue.decode(),
        body=data,
        error=error.decode("utf-8", "replace"),
        starts=int(starts),
        died_at=_moment(int(moment) / 1_000_000),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
