"""Delivers the jobs of one queue to one worker of the same process."""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial

import dramatiq
from dramatiq.errors import DecodeError

from servey_sched.brokers.base import JobConsumer
from servey_sched.brokers.deliveries import Delivered
from servey_sched.brokers.memory_heap import Job, Lease
from servey_sched.brokers.memory_jobs import Jobs
from servey_sched.brokers.messages import decode, error_of, why_garbage

_log = logging.getLogger("servey.jobs")


class Delivery(Delivered[Lease]):
    """A message that a broker in memory has delivered."""


class MemoryConsumer(JobConsumer):
    """Takes jobs one by one, and waits where there are none.

    Args:
        jobs: The broker's jobs.
        queue: The queue.
        prefetch: How many jobs the worker has at most, those that run included.
        timeout: For how many milliseconds it waits at most.

    Attributes:
        closed: Whether it was closed.
    """

    def __init__(self, jobs: Jobs, queue: str, prefetch: int, timeout: int) -> None:
        self._jobs = jobs
        self._queue = queue
        self._prefetch = prefetch
        self._seconds = timeout / 1000
        self._held: set[Lease] = set()
        self.closed = False
        self._room = threading.Condition(jobs.lock)

    def __next__(self) -> Delivery | None:
        deadline = time.monotonic() + self._seconds
        while taken := self._taken(deadline):
            job, lease = taken
            try:
                message = decode(self._queue, job.body)
            except DecodeError as error:
                text = why_garbage(error)
                _log.error("%s, in the queue %s: it goes to the dead letters.", text, self._queue)
                self._settle([lease], partial(self._jobs.bury, error=text))
                continue
            message.options["starts"] = job.starts
            return Delivery(message, lease)
        return None

    def ack(self, message: dramatiq.MessageProxy) -> None:
        """Forget a job that is done."""
        self.ack_many([message])

    def ack_many(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Forget jobs that are done."""
        leases = [Delivery.lease_of(message) for message in messages]
        self._settle(leases, lambda job: self._jobs.remove(job.id))

    def nack(self, message: dramatiq.MessageProxy) -> None:
        """Make a dead letter of a job."""
        bury = partial(self._jobs.bury, error=error_of(message))
        self._settle([Delivery.lease_of(message)], bury)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Give back jobs that were not started."""
        self._settle([Delivery.lease_of(message) for message in messages], self._jobs.give_back)

    def close(self) -> None:
        """Give back what it has delivered, as if it had not."""
        with self._jobs.lock:
            self.closed = True
            self._settle(list(self._held), self._jobs.give_back)
            self._jobs.queue(self._queue).changed.notify_all()  # it may wait itself

    def _taken(self, deadline: float) -> tuple[Job, Lease] | None:
        """The next job; None where there is none in time."""
        with self._jobs.lock:
            while not self.closed:
                full = len(self._held) >= self._prefetch
                if not full and (taken := self._jobs.take(self._queue)):
                    self._held.add(taken[1])
                    return taken
                seconds = deadline - time.monotonic()
                if seconds <= 0:
                    break
                if full:
                    self._room.wait(seconds)
                else:
                    self._jobs.wait(self._queue, seconds)
            return None

    def _settle(self, leases: Iterable[Lease], step: Callable[[Job], object]) -> None:
        with self._jobs.lock:
            for lease in leases:
                self._held.discard(lease)
                if job := self._jobs.held(lease):
                    step(job)
            self._room.notify_all()
