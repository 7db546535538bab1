"""Runs delivered jobs, each through the invoker of its action, and says what becomes of them."""

import asyncio
import logging

import dramatiq

from servey_core import (
    Context,
    JobState,
    Outcome,
    ProblemError,
    RunningJob,
    Runtime,
    StillUnderWay,
)
from servey_core.running_jobs import SURFACE, counts_as_retry, retry_delay, run_job, told_of_retry
from servey_sched.jobs.cancelling import Cancelled
from servey_sched.jobs.messages import JobContent, UnreadableJob, content_of
from servey_sched.settings import SchedSettings
from servey_sched.worker.endings import Ended, Endings, nobody
from servey_sched.worker.failures import printable, told, unforeseen, was_cancelled
from servey_sched.worker.pacing import PutAside
from servey_sched.worker.rooms import Room
from servey_sched.worker.tries import Try
from servey_sched.worker.turns import Turns
from servey_sched.worker.verdicts import BACK, DONE, Dead, Verdict

_log = logging.getLogger("servey.jobs")


class JobRunner:
    """Runs the jobs of one worker, on its event loop.

    Args:
        runtime: The application.
        ended: Told of the jobs of schedules that have ended.

    Attributes:
        tries: The jobs that this worker has.
        cancelled: Those that somebody cancelled lately.
    """

    def __init__(self, runtime: Runtime, ended: Ended = nobody) -> None:
        settings = runtime.settings.group(SchedSettings)
        self.tries: set[Try] = set()
        self.cancelled = Cancelled()
        self._runtime = runtime
        self._endings = Endings(runtime, ended)
        self._max_starts = settings.job_max_starts
        self._threads = Room(settings.job_threads)
        self._coroutines = Room(settings.job_coroutines)
        self._turns = Turns(runtime)
        self._stopping = False
        self._cutting = False

    async def run(self, message: dramatiq.MessageProxy) -> Verdict:
        """Run a job, once it is its turn.

        Args:
            message: The job, as it was delivered.
        """
        try:
            content = content_of(message)
        except UnreadableJob as error:
            await self._endings.tell_schedule(message)
            return _dead(message, str(error))
        invoker = self._runtime.invokers.get(message.actor_name)
        if invoker is None:
            return await self._unknown(message, content)
        one = Try(message, content, invoker, asyncio.current_task())
        self.tries.add(one)
        try:
            return await self._run(one)
        except asyncio.CancelledError:
            return await self._cut_short(one)
        except ProblemError as error:
            return await self._failed(one, error)
        except Exception as error:  # noqa: BLE001 - or the job would be delivered for ever
            _log.exception("Job %s (%s) cannot be run", one.job.id, one.action.name)
            return await self._failed(one, unforeseen(error))
        finally:
            self.tries.discard(one)

    def stop(self) -> None:
        """Begin no more jobs: those that wait here go back."""
        self._stopping = True
        for one in filter(self.has, self.tries):
            if not one.began:
                _cancel(one)

    def cut(self) -> None:
        """Cut short the jobs that run: they go back, and were neither started nor have failed."""
        self._cutting = True
        for one in filter(self.has, self.tries):
            _cancel(one)

    def cancel(self, one: Try) -> None:
        """Stop a job that somebody has cancelled; one that blocks is only told of it."""
        one.job.cancelled = True
        _log.info("Job %s (%s) is cancelled.", *_names(one), extra=_fields(one.message))
        if not (one.began and one.action.in_thread):
            _cancel(one)

    def is_cancelled(self, one: Try) -> bool:
        """Whether somebody has cancelled a job."""
        return self.cancelled.has(one.job.id, one.content.sent_at)

    def has(self, one: Try) -> bool:
        """Whether it is not known yet what becomes of a job."""
        return one in self.tries and one.verdict is None

    async def _run(self, one: Try) -> Verdict:
        if self._stopping:
            return BACK
        if self.is_cancelled(one):
            return await self._end(one, DONE, JobState.CANCELLED)
        if one.content.starts > self._max_starts:
            deaths = f"Its worker died {one.content.starts - 1} times while it ran: it is given up."
            return await self._end(one, _dead(one.message, deaths), JobState.FAILED)
        try:
            outcome = await self._admitted(one)
        except PutAside as aside:
            deferrals = one.content.deferrals + 1
            return BACK if one.suspected else one.again(aside.seconds, deferrals=deferrals)
        except StillUnderWay as error:
            if one.suspected:
                return await self._back_later(one, error)
            raise
        state = JobState.CANCELLED if one.job.cancelled else JobState.SUCCEEDED
        return await self._end(one, DONE, state, outcome)

    async def _admitted(self, one: Try) -> Outcome:
        """Run a job once it is its turn, and there is room for it.

        Raises:
            PutAside: There was none for a while.
        """
        limit, deferrals = one.action.background.concurrency, one.content.deferrals
        if limit is None:
            return await self._in_room(one)
        async with self._turns.of(one.action, limit, deferrals, insists=one.suspected):
            return await self._in_room(one)

    async def _in_room(self, one: Try) -> Outcome:
        room = self._threads if one.action.in_thread else self._coroutines
        await room.enter(one.content.deferrals)
        try:
            return await self._begin(one)
        finally:
            room.leave()

    async def _begin(self, one: Try) -> Outcome:
        if self._stopping:
            raise asyncio.CancelledError
        one.began = True
        content = one.content
        context = Context(content.authorization, SURFACE, idempotency_key=content.idempotency_key)
        outcome = await run_job(
            one.invoker, content.arguments, context, one.job, lambda: self._runtime.state
        )
        one.verdict = DONE
        return outcome

    async def _back_later(self, one: Try, error: StillUnderWay) -> Verdict:
        """Wait a while with a job whose key is that of an earlier delivery, then give it back."""
        one.began = False
        delay = retry_delay(one.action.background, error, one.content.retries) or 0.0
        what = f"Job %s (%s) has to wait, for {delay:.1f} s: %s"
        _log.info(what, *_names(one), error, extra=_fields(one.message))
        if not self._stopping:
            await asyncio.sleep(delay)
        return BACK

    async def _cut_short(self, one: Try) -> Verdict:
        """What becomes of a job whose task was cancelled."""
        if one.verdict is not None:
            return one.verdict
        if one.job.cancelled:
            return await self._end(one, DONE, JobState.CANCELLED)
        if not one.began:
            return BACK
        return await self._failed(one, was_cancelled())

    async def _failed(self, one: Try, error: ProblemError) -> Verdict:
        """What becomes of a job that ended with a problem: another try, or a dead letter."""
        if one.job.cancelled:
            return await self._end(one, DONE, JobState.CANCELLED)
        if self._cutting:
            return BACK
        content = one.content
        delay = retry_delay(one.action.background, error, content.retries)
        counts = counts_as_retry(error)
        if delay is not None and (content.retries < content.max_retries or not counts):
            level, happened = told_of_retry(error)
            what = f"Job %s (%s) {happened}, and is tried again in {delay:.1f} s: %s"
            _log.log(level, what, *_names(one), printable(str(error)), extra=_fields(one.message))
            one.verdict = one.again(delay, retries=content.retries + counts)
            return one.verdict
        return await self._end(one, _dead(one.message, told(error)), JobState.FAILED, error)

    async def _end(
        self,
        one: Try,
        verdict: Verdict,
        state: JobState,
        what: Outcome | ProblemError | None = None,
    ) -> Verdict:
        one.verdict = verdict
        await self._endings.tell(one.job, one.action.name, one.content, state, what)
        return verdict

    async def _unknown(self, message: dramatiq.MessageProxy, content: JobContent) -> Verdict:
        name, job = message.actor_name, RunningJob(message.message_id)
        await self._endings.tell(job, name, content, JobState.FAILED)
        return _dead(message, f"This application has no action {name!r}.")


def _cancel(one: Try) -> None:
    if one.task is not None:
        one.task.cancel()


def _dead(message: dramatiq.MessageProxy, error: str) -> Dead:
    error = printable(error)
    _log.error(
        "Job %s (%s) goes to the dead letters: %s",
        *(*_fields(message).values(), error.strip().splitlines()[-1]),
        extra=_fields(message),
    )
    return Dead(error)


def _names(one: Try) -> tuple[str, str]:
    return one.job.id, one.action.name


def _fields(message: dramatiq.MessageProxy) -> dict[str, str]:
    return {"job": printable(message.message_id), "action": printable(message.actor_name)}
