"""The task queue of an application that has no other: jobs run in this process, and end with it."""

import asyncio
import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

from servey_core.current import context_of
from servey_core.errors import QueueFull
from servey_core.in_process_jobs import Ended, InProcessJob, Turns
from servey_core.loop_threads import LoopThread
from servey_core.tasks import (
    IN_PROCESS,
    JobOrder,
    JobState,
    JobStatus,
    TaskQueue,
    TaskQueueFactory,
)

if TYPE_CHECKING:
    from servey_core.runtime import Runtime

_END_SECONDS = 1.0
"""How long the end waits for jobs that are cancelled by it."""

_LOOK_SECONDS = 0.1
"""How often is looked, at the end, whether a job waits for another try: nobody tells of that."""

_log = logging.getLogger("servey.jobs")


class InProcessQueue(TaskQueue):
    """Runs jobs in a thread with an event loop of its own, begun when the first one comes.

    It says loudly that it forgets: once at the first job, and once at the end, with how many jobs
    are lost. Queues by name and priorities are not for it: jobs start in the order in which they
    come, and the limit that an action sets holds in this process alone.

    As many results are kept as jobs may wait. Where there are more, the oldest is forgotten.

    Args:
        runtime: The application.
    """

    knows_all = True

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._most = runtime.settings.core.task_backlog
        self._lock: threading.Lock
        self._settled: threading.Condition
        self._open: dict[str, InProcessJob]
        self._ended: dict[str, InProcessJob]
        self._came: list[InProcessJob]
        self._turns: Turns
        self._thread: LoopThread | None
        self._begin_empty()

    def put(self, orders: Sequence[JobOrder]) -> None:
        """Take jobs, which are lost with this process."""
        with self._mine():
            thread = self._begun()
            further = sum(order.id not in self._open for order in orders)
            if further and len(self._open) + further > self._most:
                raise QueueFull(
                    f"{len(self._open)} jobs wait in this process already; SERVEY_TASK_BACKLOG "
                    f"allows {self._most}."
                )
            if not self._came:
                thread.call(self._begin)  # which waits for the lock
            for order in orders:
                self._take(order, thread)

    async def aput(self, orders: Sequence[JobOrder]) -> None:
        """Take jobs; it does not block in any case."""
        self.put(orders)

    async def status(self, job_id: str) -> JobStatus | None:
        """What is known of a job."""
        with self._mine():
            job = self._open.get(job_id) or self._ended.get(job_id)
            return None if job is None else job.status

    async def cancel(self, job_id: str) -> bool:
        """Let a job not start, or ask it to stop."""
        with self._mine():
            job, thread = self._open.get(job_id), self._thread
            if job is None or thread is None:
                return False
            thread.call(job.cancel)
            return True

    def drain(self, seconds: float) -> None:
        """Wait until no job is left but those that wait for their time; it blocks."""
        deadline = time.monotonic() + seconds
        with self._mine():
            if seconds > 0 and (waits := self._unfinished()):
                _log.info("%s of this process may take %.0f s to end.", _jobs(waits), seconds)
            while (left := deadline - time.monotonic()) > 0 and self._unfinished():
                self._settled.wait(min(left, _LOOK_SECONDS))

    def close(self) -> None:
        """Stop, and say how many jobs are lost."""
        with self._mine():
            thread, self._thread = self._thread, None
            if thread is None:
                return
            self._lose()
        atexit.unregister(self.close)
        thread.end(_END_SECONDS)

    def _begin_empty(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._settled = threading.Condition(self._lock)
        self._open = {}
        self._ended = {}
        self._came = []
        self._turns = Turns()
        self._thread = None

    def _mine(self) -> threading.Lock:
        """What guards all that is known here. A process that was forked begins with nothing."""
        if self._process != os.getpid():
            self._begin_empty()
        return self._lock

    def _begun(self) -> LoopThread:
        """The thread, begun where there is none; the lock is held."""
        if self._thread is not None:
            return self._thread
        _log.warning(
            "Background jobs are kept in the memory of this process, and are lost when it ends. "
            "To keep them: pip install servey-sched"
        )
        self._turns = Turns()
        self._thread = LoopThread(
            "servey-jobs", context_of(self._runtime), self._runtime.close_state
        )
        atexit.register(self.close)
        return self._thread

    def _take(self, order: JobOrder, thread: LoopThread) -> None:
        """Take a job, or know it for one that runs already; the lock is held."""
        earlier = self._open.get(order.id)
        if earlier is not None:
            if earlier.state is JobState.RUNNING:
                earlier.keep_result = max(earlier.keep_result, order.keep_result)
                return
            thread.call(earlier.withdraw)
        self._ended.pop(order.id, None)
        job = self._open[order.id] = InProcessJob(order)
        self._came.append(job)

    def _begin(self) -> None:
        """Let run what came; on the loop."""
        with self._mine():
            came, self._came = self._came, []
        for job in came:
            job.begin(self._runtime, self._turns, self._end)

    def _end(self, job: InProcessJob, ended: Ended) -> None:
        """Keep how a job ended, for as long as somebody may ask; on the loop."""
        with self._mine():
            if self._open.get(job.order.id) is not job:  # it is lost, or was replaced
                return
            self._settle(job, ended)
        if job.keep_result:
            ended_job = weakref.ref(job)  # which may have to make room for others before
            asyncio.get_running_loop().call_later(job.keep_result, self._forget, ended_job)

    def _forget(self, ended_job: "weakref.ref[InProcessJob]") -> None:
        with self._mine():
            job = ended_job()
            if job is not None and self._ended.get(job.order.id) is job:
                del self._ended[job.order.id]

    def _settle(self, job: InProcessJob, ended: Ended) -> None:
        """A job is done, one way or another; the lock is held."""
        del self._open[job.order.id]
        self._settled.notify_all()
        job.end(ended)
        if not job.keep_result:
            return
        self._ended[job.order.id] = job
        if len(self._ended) > self._most:
            del self._ended[next(iter(self._ended))]

    def _lose(self) -> None:
        """Give up all jobs, and say so; the lock is held."""
        lost = list(self._open.values())
        for job in lost:
            self._settle(job, (JobState.FAILED, None))
        self._came.clear()
        if lost:
            names = ", ".join(sorted({job.order.action.name for job in lost}))
            _log.warning("%s not done, and lost with this process: %s", _jobs(len(lost)), names)

    def _unfinished(self) -> int:
        """How many jobs run, or could; the lock is held."""
        return sum(job.state is not JobState.DELAYED for job in self._open.values())


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"


in_process_factory = TaskQueueFactory(IN_PROCESS, InProcessQueue)
