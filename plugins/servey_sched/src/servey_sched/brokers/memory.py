"""A Dramatiq broker in the memory of one process, whose jobs are lost when that ends."""

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import dramatiq

from servey_sched.brokers.base import (
    DeadJob,
    JobState,
    KnownJob,
    QueueSizes,
    milliseconds_of,
    not_dead,
)
from servey_sched.brokers.memory_consumer import MemoryConsumer
from servey_sched.brokers.memory_heap import Job
from servey_sched.brokers.memory_jobs import Jobs, clock
from servey_sched.brokers.memory_ticks import MemoryTicks
from servey_sched.brokers.messages import dead_job, known_job, priority_of

LIMIT = 100_000
"""How many jobs there may be."""

_RANKS: dict[JobState, Callable[[Job], tuple[float, int]]] = {
    "ready": lambda job: (job.priority, job.order),
    "delayed": lambda job: (job.due, job.order),
    "running": lambda job: (0, job.order),
}


class MemoryBroker(MemoryTicks):
    """Keeps jobs in memory: for tests, and for jobs that are no loss when the process ends.

    It promises what the others do, but that nothing outlives the process, and no other process
    sees it. A job has no lease: its consumer has it until it is closed.

    Args:
        limit: How many jobs there may be, and how many dead letters besides: the oldest goes where
            there are more. A job that does not fit is refused with `servey_core.QueueFull`.
        middleware: Dramatiq's; None for its default.
    """

    def __init__(
        self, *, limit: int = LIMIT, middleware: list[dramatiq.Middleware] | None = None
    ) -> None:
        super().__init__(middleware)
        self._jobs = Jobs(limit)
        self._lock = self._jobs.lock
        self._known = {}
        self._consumers: list[MemoryConsumer] = []

    def enqueue_many(
        self, messages: Sequence[dramatiq.Message[Any]], *, delay: int | None = None
    ) -> None:
        """Enqueue all of some messages or none; see `JobBroker`.

        Raises:
            QueueFull: There is no room for all.
        """
        jobs = [self._job(message, delay) for message in messages]
        with self._lock:
            self._jobs.put(jobs)
        for message in messages:
            self.emit_after("enqueue", message, delay)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> MemoryConsumer:
        """Deliver the jobs of a queue; see `JobBroker`."""
        self.require_queue(queue_name)
        consumer = MemoryConsumer(self._jobs, queue_name, prefetch, timeout)
        self._consumers = [one for one in self._consumers if not one.closed] + [consumer]
        return consumer

    def find(self, job_id: str) -> KnownJob | None:
        """What is known of a job; None where there is none; see `JobBroker`."""
        with self._lock:
            job = self._jobs.find(job_id)
            return _known(job) if job else None

    def jobs(
        self, *, state: JobState, queue: str | None = None, limit: int = 100
    ) -> list[KnownJob]:
        """The jobs that are in a state, in their order; see `JobBroker`."""
        rank = _RANKS[not_dead(state)]
        with self._lock:
            jobs = (job for job in self._jobs.alive() if job.state == state)
            chosen = heapq.nsmallest(limit, _of(queue, jobs), key=rank)
            return [_known(job) for job in chosen]

    def dead(self, *, queue: str | None = None, limit: int = 100) -> list[DeadJob]:
        """The dead letters that died last, the last one first; see `JobBroker`."""
        with self._lock:
            return [_dead(job) for job in islice(_of(queue, self._jobs.dead()), limit)]

    def retry_dead(self, job_id: str) -> bool:
        """Put a dead letter back into its queue; see `JobBroker`.

        Raises:
            QueueFull: There is no room for it.
        """
        with self._lock:
            return self._jobs.retry(job_id)

    def purge_dead(self, job_id: str | None = None) -> int:
        """Forget a dead letter, or all; how many were forgotten."""
        with self._lock:
            gone = [job.id for job in self._jobs.dead() if job_id in (None, job.id)]
            for one in gone:
                self._jobs.remove(one)
            return len(gone)

    def cancel(self, job_id: str) -> bool:
        """Forget a job that no consumer has yet; see `JobBroker`."""
        with self._lock:
            job = self._jobs.find(job_id)
            waits = job is not None and job.state in ("ready", "delayed")
            if waits:
                self._jobs.remove(job_id)
            return waits

    def flush(self, queue_name: str) -> None:
        """Drop what no consumer has yet from a queue.

        Raises:
            QueueNotFound: It is not declared.
        """
        self.require_queue(queue_name)
        with self._lock:
            for job in list(_of(queue_name, self._jobs.alive())):
                self.cancel(job.id)

    def sizes(self) -> dict[str, QueueSizes]:
        """How many jobs each queue has, those declared here and those that have jobs."""
        with self._lock:
            return dict.fromkeys(self.queues, QueueSizes()) | self._jobs.sizes()

    def close(self) -> None:
        """Give back what consumers hold."""
        for consumer in self._consumers:
            consumer.close()

    def _job(self, message: dramatiq.Message[Any], delay: int | None) -> Job:
        self.require_queue(message.queue_name)
        milliseconds = milliseconds_of(delay)
        self.emit_before("enqueue", message, delay)
        return Job(
            id=message.message_id,
            queue=message.queue_name,
            priority=priority_of(message, self),
            body=message.encode(),
            due=clock() + milliseconds / 1000 if milliseconds else 0.0,
        )


def _of(queue: str | None, jobs: Iterable[Job]) -> Iterator[Job]:
    return (job for job in jobs if queue in (None, job.queue))


def _known(job: Job) -> KnownJob:
    return known_job(
        job.id,
        queue=job.queue,
        body=job.body,
        state=job.state or "ready",
        priority=job.priority,
        starts=job.starts,
        due=_moment(time.time() + job.due - clock()) if job.state == "delayed" else None,
    )


def _dead(job: Job) -> DeadJob:
    return dead_job(
        job.id,
        queue=job.queue,
        body=job.body,
        error=job.error,
        starts=job.starts,
        died_at=_moment(job.died),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
