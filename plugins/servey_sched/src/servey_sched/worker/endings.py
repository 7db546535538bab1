"""How jobs ended, kept where anybody may ask."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import dramatiq

from servey_core import JobState, Outcome, Problem, ProblemError, RunningJob, Runtime
from servey_core.stored_replies import StoredReply
from servey_sched.jobs.messages import JobContent
from servey_sched.jobs.records import AFTERWARDS, JobRecord, write_record

Ended = Callable[[str, str], Awaitable[None]]
"""Told of a schedule's job that has ended, by the schedule's name and the job's id."""

_PAUSES = (0.1, 0.5, 2.0, None)
"""How long to wait before a store that failed is told again, in seconds; then it is given up."""

_log = logging.getLogger("servey.jobs")


async def nobody(schedule: str, job_id: str) -> None:
    """Nobody wants to know of jobs that have ended."""


class Endings:
    """Says how jobs ended; where that fails, it is no reason to run them again.

    Args:
        runtime: The application.
        ended: Told of the jobs of schedules.
    """

    def __init__(self, runtime: Runtime, ended: Ended) -> None:
        self._runtime = runtime
        self._ended = ended

    async def tell(
        self,
        job: RunningJob,
        action: str,
        content: JobContent,
        state: JobState,
        what: Outcome | ProblemError | None = None,
    ) -> None:
        """Say how a job ended.

        Args:
            job: The job.
            action: The name of its action.
            content: What its message says.
            state: How it ended.
            what: What it ended with.
        """
        if content.keep_result or job.progress:
            await self._insist(job.id, lambda: self._keep(job, action, content, state, what))
        await self._tell_schedule(job.id, content.schedule)

    async def tell_schedule(self, message: dramatiq.MessageProxy) -> None:
        """Say that a job has ended which cannot be read, where it still says whose tick it was."""
        schedule = message.options.get("schedule")
        if isinstance(schedule, str):
            await self._tell_schedule(message.message_id, schedule)

    async def _tell_schedule(self, job_id: str, schedule: str) -> None:
        if schedule:
            await self._insist(job_id, lambda: self._ended(schedule, job_id))

    async def _keep(
        self,
        job: RunningJob,
        action: str,
        content: JobContent,
        state: JobState,
        what: Outcome | ProblemError | None,
    ) -> None:
        reply = _reply(what) if content.keep_result else None
        record = JobRecord(action, state, job.progress, reply)
        await write_record(self._runtime.state, job.id, record, content.keep_result or AFTERWARDS)

    async def _insist(self, job_id: str, tell: Callable[[], Awaitable[None]]) -> None:
        for pause in _PAUSES:
            try:
                await tell()
            except Exception as error:  # noqa: BLE001 - the job has run, whatever this is
                if pause is None:
                    _log.error("How job %s ended is not kept: %r", job_id, error)
                else:
                    await asyncio.sleep(pause)
            else:
                return


def _reply(what: Outcome | ProblemError | None) -> StoredReply | None:
    if what is None:
        return None
    if isinstance(what, ProblemError):
        return StoredReply(problem=Problem.of(what))
    return StoredReply(what.to_json(), what.response)
