"""The jobs of a process, in its memory."""

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from servey_core import QueueFull
from servey_sched.brokers.base import JobState, QueueSizes
from servey_sched.brokers.memory_heap import Job, Lease, Waiting
from servey_sched.brokers.messages import first_try

clock = time.monotonic


class Queue:
    """What waits in one queue.

    Attributes:
        ready: What is ready, by priority.
        delayed: What is delayed, by the moment when it is due.
        changed: Told of all that its consumers, and those that join it, may wait for.
        counts: How many jobs are in each state.
    """

    def __init__(self, lock: threading.RLock) -> None:
        self.ready = Waiting()
        self.delayed = Waiting()
        self.changed = threading.Condition(lock)
        self.counts: Counter[str] = Counter()


class Jobs:
    """All jobs of a broker. Who calls anything holds the lock.

    Args:
        limit: How many there may be, and how many dead ones besides: then the oldest dead one goes.

    Attributes:
        lock: The lock.
    """

    def __init__(self, limit: int) -> None:
        self.lock = threading.RLock()
        self._limit = limit
        self._jobs: dict[str, Job] = {}
        self._dead: dict[str, Job] = {}  # the oldest first
        self._queues: dict[str, Queue] = {}
        self._numbers = count()

    def queue(self, name: str) -> Queue:
        """A queue, which need not have been there."""
        queue = self._queues.get(name)
        if queue is None:
            queue = self._queues[name] = Queue(self.lock)
        return queue

    def put(self, jobs: Sequence[Job]) -> None:
        """Enqueue jobs, in place of those with their ids.

        Raises:
            QueueFull: There is no room for all.
        """
        if len(self._jobs) + len(jobs) > self._limit:
            new = {job.id for job in jobs} - self._jobs.keys()
            if len(self._jobs) + len(new) > self._limit:
                raise QueueFull(f"{len(self._jobs)} jobs wait in memory, where no more may be.")
        for job in jobs:
            if job.id in self._jobs or job.id in self._dead:
                self.remove(job.id)
            job.order = next(self._numbers)
            self._jobs[job.id] = job
            self._move(job, "delayed" if job.due else "ready")

    def take(self, queue_name: str) -> tuple[Job, Lease] | None:
        """Take the next job of a queue, if there is one."""
        self._wake(queue_name)
        job = self.queue(queue_name).ready.pop()
        if not job:
            return None
        job.starts += 1
        job.lease = lease = Lease(job.id)
        self._move(job, "running")
        return job, lease

    def wait(self, queue_name: str, seconds: float) -> None:
        """Wait until something changes in a queue, or is due, but not for longer than that."""
        queue = self.queue(queue_name)
        due = queue.delayed.rank()
        queue.changed.wait(seconds if due is None else min(seconds, max(0.0, due - clock())))

    def held(self, lease: Lease) -> Job | None:
        """The job of a delivery; None where it has been enqueued or delivered anew since."""
        job = self._jobs.get(lease.job)
        return job if job and job.lease is lease else None

    def give_back(self, job: Job) -> None:
        """Make a job ready that was not started, as if it had not been delivered."""
        job.starts -= 1
        job.lease = None
        self._move(job, "ready")

    def bury(self, job: Job, error: str) -> None:
        """Make a dead letter of a job."""
        self.remove(job.id)
        job.error, job.died = error, time.time()
        self._dead[job.id] = job
        self._move(job, "dead")
        if len(self._dead) > self._limit:
            self.remove(next(iter(self._dead)))

    def retry(self, job_id: str) -> bool:
        """Enqueue a dead letter anew; False where there is none.

        Raises:
            QueueFull: There is no room.
        """
        job = self._dead.get(job_id)
        if job:
            body = first_try(job.queue, job.body)
            self.put([Job(job.id, job.queue, job.priority, body)])
        return job is not None

    def remove(self, job_id: str) -> None:
        """Forget a job or a dead letter."""
        job = self._jobs.pop(job_id, None) or self._dead.pop(job_id)
        job.lease = None
        self._move(job, None)

    def find(self, job_id: str) -> Job | None:
        """A job or a dead letter; None where there is neither."""
        self._wake_all()
        return self._jobs.get(job_id) or self._dead.get(job_id)

    def states(self, ids: Sequence[str]) -> dict[str, JobState]:
        """The states of jobs, of those that are there and not dead."""
        self._wake_all()
        found = [(one, self._jobs.get(one)) for one in ids]
        return {one: job.state for one, job in found if job and job.state}

    def dead(self) -> Iterator[Job]:
        """The dead letters, the last one first."""
        return reversed(self._dead.values())

    def alive(self) -> Iterable[Job]:
        """The others."""
        self._wake_all()
        return self._jobs.values()

    def sizes(self) -> dict[str, QueueSizes]:
        """How many jobs each queue has that has any."""
        self._wake_all()
        return {
            name: QueueSizes(**queue.counts)
            for name, queue in self._queues.items()
            if any(queue.counts.values())
        }

    def _wake_all(self) -> None:
        for name in self._queues:
            self._wake(name)

    def _wake(self, queue_name: str) -> None:
        """Make ready what is due."""
        delayed = self.queue(queue_name).delayed
        while (due := delayed.rank()) is not None and due <= clock():
            job = delayed.pop()
            if job:
                self._move(job, "ready")

    def _move(self, job: Job, state: JobState | None) -> None:
        """Let a job be in another state, or nowhere."""
        queue = self.queue(job.queue)
        if job.state:
            queue.counts[job.state] -= 1
        if job.entry:
            (queue.ready if job.state == "ready" else queue.delayed).remove(job)
        job.state = state
        if state:
            queue.counts[state] += 1
        if state == "ready":
            queue.ready.add(job, job.priority)
        elif state == "delayed":
            queue.delayed.add(job, job.due)
        queue.changed.notify_all()
