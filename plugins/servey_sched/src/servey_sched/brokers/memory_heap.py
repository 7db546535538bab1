"""The jobs that wait in one place, the next one first."""

import heapq
from dataclasses import dataclass

from servey_sched.brokers.base import JobState

_FEW = 64
"""So many entries of jobs that have left are no matter."""


@dataclass(frozen=True, eq=False, slots=True)
class Lease:
    """One delivery, which is equal to no other.

    Attributes:
        job: The job's id.
    """

    job: str


@dataclass(eq=False, slots=True)
class Job:
    """A job in memory.

    Attributes:
        id: The message's id.
        queue: Its queue.
        priority: Smaller goes first.
        body: The message's bytes.
        due: When it becomes ready, by the clock that is never set, in seconds; 0 for at once.
        order: Another number for each enqueue: smaller goes first among equals.
        state: Where it is; None for nowhere.
        starts: How often it has been delivered.
        lease: The delivery that it runs by.
        entry: Its entry in the heap that it waits in.
        error: Why it is dead.
        died: When it died, in seconds since 1970.
    """

    id: str
    queue: str
    priority: int
    body: bytes
    due: float = 0.0
    order: int = 0
    state: JobState | None = None
    starts: int = 0
    lease: Lease | None = None
    entry: "tuple[float, int, Job] | None" = None
    error: str = ""
    died: float = 0.0


class Waiting:
    """Jobs by a rank, equals by their order.

    A job that leaves before its turn leaves its entry behind, until it comes up or there are more
    of such than of others.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Job]] = []
        self._left = 0

    def add(self, job: Job, rank: float) -> None:
        """Let a job wait."""
        job.entry = (rank, job.order, job)
        heapq.heappush(self._heap, job.entry)

    def remove(self, job: Job) -> None:
        """Forget a job that waits here."""
        job.entry = None
        self._left += 1
        if self._left > _FEW and self._left * 2 > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[2].entry is entry]
            heapq.heapify(self._heap)
            self._left = 0

    def rank(self) -> float | None:
        """The smallest rank; None where no job waits."""
        while self._heap:
            rank, _, job = entry = self._heap[0]
            if job.entry is entry:
                return rank
            heapq.heappop(self._heap)
            self._left -= 1
        return None

    def pop(self) -> Job | None:
        """Take the first job out; None where none waits."""
        if self.rank() is None:
            return None
        job = heapq.heappop(self._heap)[2]
        job.entry = None
        return job
