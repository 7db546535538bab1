"""What whoever sends a job is given: its id, and ways to ask how it fares."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from servey_core.durations import seconds_of
from servey_core.runtime import Runtime
from servey_core.stored_replies import ReplayedProblem, StoredReply
from servey_core.tasks import JobOrder, JobState, JobStatus, TaskQueue

T = TypeVar("T")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.25
"""How often a result is looked for, in seconds: ever more rarely."""

_FATES = {JobState.CANCELLED: "been cancelled", JobState.FAILED: "failed"}


class JobFailed(Exception):  # noqa: N818 - what happened, as it is told
    """A job whose result was waited for has ended without one, and without a problem to raise."""


@dataclass(frozen=True)
class Job(Generic[T]):
    """A job that was enqueued.

    Attributes:
        id: Names it, also for `servey jobs show`.
        action: The name of its action.
        kept: Whether its result is kept, so that it can be waited for.
    """

    id: str
    action: str
    kept: bool
    _queue: TaskQueue = field(repr=False)
    _read: Callable[[bytes], T] = field(repr=False)
    _sent: bool = field(repr=False, default=True)

    async def status(self) -> JobStatus | None:
        """What is known of it; None where it is done, and was not kept."""
        return await self._queue.status(self.id)

    async def cancel(self) -> bool:
        """Let it not start or, where it runs already, ask it to stop; whether it was there."""
        return await self._queue.cancel(self.id)

    async def result(self, timeout: float | timedelta | None = None) -> T:  # noqa: ASYNC109
        """Wait until it has ended, and give its result.

        Args:
            timeout: For how many seconds at most; None for as long as it takes.

        Raises:
            TimeoutError: It has not ended in time.
            ProblemError: It ended with this problem, or the queue cannot be used just now.
            JobFailed: It was cancelled, ended with no problem, or its result is forgotten by now.
            ValueError: Its result is not kept.
        """
        reply = await self.reply(timeout)
        if reply.problem is not None:
            raise ReplayedProblem.of(reply.problem)
        return self._read(reply.body)

    async def reply(self, timeout: float | timedelta | None = None) -> StoredReply:  # noqa: ASYNC109
        """Wait until it has ended, and give its result or its problem as it is kept.

        Args:
            timeout: For how many seconds at most; None for as long as it takes.

        Raises:
            TimeoutError: It has not ended in time.
            Unavailable: The queue cannot be used just now.
            JobFailed: It was cancelled, ended with no problem, or its result is forgotten by now.
            ValueError: Its result is not kept.
        """
        if not self.kept:
            raise ValueError(
                f"The result of job {self.id} ({self.action}) is not kept, so nobody can wait for "
                "it. Ask for it: enqueue.using(keep_result=3600)(...), or Background(keep_result=)."
            )
        async with asyncio.timeout(None if timeout is None else seconds_of(timeout)):
            return await self._ended()

    async def _ended(self) -> StoredReply:
        pause, taken, unknown = _FIRST_PAUSE, self._sent, 0
        while True:
            status = await self.status()
            if status is None:
                unknown += taken and self._queue.knows_all
                if unknown > 1:  # once, it may have ended between two looks of the queue's own
                    raise JobFailed(
                        f"The result of job {self.id} ({self.action}) is not kept any more."
                    )
            else:
                taken, unknown = True, 0
                if status.reply is not None:
                    return status.reply
                if status.state in (JobState.CANCELLED, JobState.FAILED):
                    raise JobFailed(f"Job {self.id} ({self.action}) has {_FATES[status.state]}.")
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 1.5)


def job_of(
    order: JobOrder, runtime: Runtime, queue: TaskQueue | None = None, *, sent: bool = True
) -> Job[Any]:
    """What whoever handed over an order is given.

    Args:
        order: The order.
        runtime: The application.
        queue: What has taken it; None for the application's own task queue.
        sent: Whether it has been taken, and will not be some time later.
    """
    action = order.action.name
    read = runtime.invoker(action).signature.result_from_json
    return Job(order.id, action, order.keep_result > 0, queue or runtime.task_queue, read, sent)
