"""A job that waits and runs in this process, from its coming to its end."""

import asyncio
import logging
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING

from servey_core.contexts import Context
from servey_core.errors import InternalError, ProblemError
from servey_core.running_jobs import (
    SURFACE,
    RunningJob,
    counts_as_retry,
    retry_delay,
    run_job,
    told_of_retry,
)
from servey_core.stored_replies import StoredReply
from servey_core.tasks import JobOrder, JobState, JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from servey_core.actions import Action
    from servey_core.runtime import Runtime

_AT_ONCE = 100
"""How many jobs run at once."""

_log = logging.getLogger("servey.jobs")

Ended = tuple[JobState, StoredReply | None]


class Turns:
    """How many jobs run at once: of all actions together, and of those that say how many."""

    def __init__(self) -> None:
        self.of_all = asyncio.Semaphore(_AT_ONCE)
        self._of: dict[str, asyncio.Semaphore] = {}

    def of(self, action: "Action") -> AbstractAsyncContextManager[None]:
        """A turn among the jobs of an action."""
        limit = action.background.concurrency
        if limit is None:
            return nullcontext()
        return self._of.setdefault(action.name, asyncio.Semaphore(limit))


class InProcessJob:
    """A job in this process. All of it but `status` is for the loop that it runs on.

    Args:
        order: What was ordered.

    Attributes:
        order: What was ordered.
        state: Where it is.
        keep_result: For how many seconds its result is kept.
    """

    def __init__(self, order: JobOrder) -> None:
        self.order = order
        self.state = JobState.DELAYED if order.delay else JobState.READY
        self.keep_result = order.keep_result
        self._running = RunningJob(order.id)
        self._cancelled = False
        self._reply: StoredReply | None = None
        self._task: asyncio.Task[Ended]

    @property
    def status(self) -> JobStatus:
        """What is known of it."""
        return JobStatus(
            self.order.id, self.order.action.name, self.state, self._running.progress, self._reply
        )

    def begin(
        self, runtime: "Runtime", turns: Turns, ended: "Callable[[InProcessJob, Ended], None]"
    ) -> None:
        """Let it run, once it is time and its turn.

        Args:
            runtime: The application.
            turns: How many run at once.
            ended: Told how it ended.
        """
        self._task = asyncio.create_task(self._run(runtime, turns))
        self._task.add_done_callback(lambda task: ended(self, self._outcome(task)))

    def cancel(self) -> None:
        """Let it not start, or ask it to stop: what runs in a thread cannot be made to."""
        self._cancelled = self._running.cancelled = True
        if self.state is not JobState.RUNNING or not self.order.action.in_thread:
            self._task.cancel()

    def withdraw(self) -> None:
        """Let it not start, as another order has taken its place."""
        if self.state is not JobState.RUNNING:
            self._task.cancel()

    def end(self, ended: Ended) -> None:
        """Be over, and know how it ended where somebody may ask."""
        self.state = ended[0]
        self._reply = ended[1] if self.keep_result else None

    async def _run(self, runtime: "Runtime", turns: Turns) -> Ended:
        order, retries, delay = self.order, 0, self.order.delay
        while True:
            if delay:
                self.state = JobState.DELAYED
                await asyncio.sleep(delay)
            self.state = JobState.READY
            async with turns.of(order.action), turns.of_all:
                tried = await self._try(runtime, retries)
            if self._cancelled:
                return JobState.CANCELLED, None
            if isinstance(tried, StoredReply):
                return JobState.SUCCEEDED, tried
            again = retry_delay(order.action.background, tried, retries)
            counts = counts_as_retry(tried)
            if again is None or (counts and retries >= order.max_retries):
                return self._failed(tried)
            level, happened = told_of_retry(tried)
            _log.log(
                level,
                "Job %s (%s) %s, and is tried again in %.1f s: %s",
                *(order.id, order.action.name, happened, again, tried),
                extra={"job": order.id, "action": order.action.name},
            )
            retries, delay = retries + counts, again

    async def _try(self, runtime: "Runtime", retries: int) -> StoredReply | ProblemError:
        order, self.state = self.order, JobState.RUNNING
        self._running = RunningJob(order.id, retries + 1)
        context = Context(order.authorization, SURFACE, idempotency_key=order.idempotency_key)
        try:
            outcome = await run_job(
                runtime.invoker(order.action.name),
                order.arguments,
                context,
                self._running,
                lambda: runtime.state,
            )
        except ProblemError as error:
            return error
        return StoredReply(outcome.to_json(), outcome.response)

    def _outcome(self, task: "asyncio.Task[Ended]") -> Ended:
        """How it ended, whatever ended it."""
        if task.cancelled():
            return JobState.CANCELLED, None
        if error := task.exception():
            _log.error("Job %s could not be run", self.order.id, exc_info=error)
            return self._failed(InternalError())
        return task.result()

    def _failed(self, error: ProblemError) -> Ended:
        order = self.order
        _log.error(
            "Job %s (%s) failed for good: %s",
            *(order.id, order.action.name, error),
            extra={"job": order.id, "action": order.action.name},
        )
        return JobState.FAILED, StoredReply.of_problem(error)
