"""A job while it runs: what its action may know of it, and how one try of it is made."""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from servey_core.authorization import Authorization
from servey_core.background import Background
from servey_core.contexts import Context
from servey_core.durations import seconds_of
from servey_core.errors import (
    ActionTimeout,
    IdempotencyKeyReused,
    ProblemError,
    StillUnderWay,
    TooManyRequests,
)
from servey_core.keyed_calls import by_key
from servey_core.outcomes import Outcome
from servey_core.stored_replies import ReplayedProblem
from servey_core.tasks import Progress

if TYPE_CHECKING:
    from servey_core.invocation import Invoker
    from servey_core.state.store import StateStore

SURFACE = "job"
"""What jobs are called where surfaces are named."""

_STILL_UNDER_WAY_SECONDS = 5.0
"""After how long a job is tried again whose earlier delivery has not ended, as far as is known."""

_current: "ContextVar[RunningJob | None]" = ContextVar("servey_job", default=None)


class Postponed(ProblemError):  # noqa: N818 - what happens
    """A job cannot be tried just now: it is tried a while later, and this was no try.

    Args:
        detail: Why.
        seconds: After how long.
    """

    status = 503

    def __init__(self, detail: str, seconds: float) -> None:
        super().__init__(detail)
        self.seconds = seconds


class RunningJob:
    """A job, as its own action sees it.

    Attributes:
        id: Names the job.
        attempt: Which try it is, from 1.
        progress: What it reported last.
        cancelled: Whether somebody cancelled it. A coroutine is cancelled by itself; a function in
            a thread looks here, and returns.
    """

    __slots__ = ("attempt", "cancelled", "id", "progress")

    def __init__(self, job_id: str, attempt: int = 1) -> None:
        self.id = job_id
        self.attempt = attempt
        self.progress: Progress | None = None
        self.cancelled = False

    def report(self, done: float, total: float | None = None, note: str = "") -> None:
        """Say how far the job is; it costs next to nothing, and is shown a moment later.

        Args:
            done: How much is done.
            total: How much there is to do; None where that is not known.
            note: What is being done, for a person.
        """
        self.progress = Progress(done, total, note)


def current_job() -> RunningJob | None:
    """The job that runs this code; None outside of one."""
    return _current.get()


async def run_job(
    invoker: "Invoker",
    arguments: bytes,
    context: Context,
    job: RunningJob,
    state: "Callable[[], StateStore]",
) -> Outcome:
    """Make one try of a job.

    Args:
        invoker: Runs its action.
        arguments: Its arguments, as JSON.
        context: For whom, and by which idempotency key. A key holds whatever the action says of
            idempotency: one that says nothing runs once in 24 hours.
        job: What the action sees of it.
        state: Gives where keys are kept.

    Raises:
        ProblemError: It did not succeed.
    """
    token = _current.set(job)
    context.authorization = _lasting(context.authorization)
    action, limit = invoker.action, invoker.action.background.time_limit
    context.time_limit = None if limit is None else seconds_of(limit)
    if context.idempotency_key is None or action.idempotency is not None:
        trying = _invoke(invoker, arguments, context)
    else:
        trying = _once(invoker, arguments, context, state())
    try:
        if context.time_limit is None or action.timeout is not None:  # which the invoker heeds
            return await trying
        return await _within(context.time_limit, trying)
    finally:
        _current.reset(token)


def _lasting(authorization: Authorization | None) -> Authorization | None:
    """Who a job runs for: it was let in when it was sent, and does not expire while it waits."""
    if authorization is None or authorization.holds_now():
        return authorization
    return replace(authorization, not_before=None, expires_at=None)


async def _within(limit: float, trying: Coroutine[Any, Any, Outcome]) -> Outcome:
    try:
        async with asyncio.timeout(limit) as scope:
            return await trying
    except TimeoutError:
        if not scope.expired():
            raise
        raise ActionTimeout(f"It took longer than {limit:g} s.") from None


async def _invoke(invoker: "Invoker", arguments: bytes, context: Context) -> Outcome:
    try:
        outcome = await invoker.invoke(invoker.signature.from_json, arguments, context)
    except SystemExit as error:
        cause = RuntimeError(f"It would have exited the process with {error.code!r}.")
        raise invoker.failure(cause, context) from cause
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        cause = RuntimeError("What it waited for was cancelled.")
        cause.__cause__ = error
        raise invoker.failure(cause, context) from cause
    outcome.to_json()  # a result that is not of its type is a failure, whoever looks at it
    return outcome


async def _once(
    invoker: "Invoker", arguments: bytes, context: Context, store: "StateStore"
) -> Outcome:
    """Run a job whose key is its caller's, where the action says nothing of keys."""
    return await by_key(
        lambda: _invoke(invoker, arguments, context), invoker, arguments, context, store
    )


def retry_delay(rule: Background, error: ProblemError, retries: int) -> float | None:
    """After how many seconds a job that failed is tried again.

    Args:
        rule: What its action says of its jobs.
        error: How it failed.
        retries: How often it was tried again already.

    Returns:
        The seconds; None where another try would not help.
    """
    if isinstance(error, ReplayedProblem | IdempotencyKeyReused):
        return None
    if isinstance(error, StillUnderWay):
        return _STILL_UNDER_WAY_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311
    if isinstance(error, Postponed):
        return error.seconds
    if not (isinstance(error, TooManyRequests) or error.status >= 500):  # noqa: PLR2004
        return None
    low, high, longest = _waits(rule, retries)
    told = error.headers.get("Retry-After", "")
    least = (
        min(high, float(told)) if isinstance(error, TooManyRequests) and told.isdecimal() else 0.0
    )
    return max(least, random.uniform(low, longest))  # noqa: S311 - spreads, hides nothing


def _waits(rule: Background, retries: int) -> tuple[float, float, float]:
    """How long a repeat waits at least, how long any may be told to, and how long this one may."""
    if rule.backoff:
        waits = [seconds_of(span) for span in rule.backoff]
        own = waits[min(retries, len(waits) - 1)]
        return own, max(waits), own * 1.1
    low, high = seconds_of(rule.min_backoff), seconds_of(rule.max_backoff)
    longest = min(high, low * 2.0 ** min(retries, 60))
    return longest / 2, high, longest


def told_of_retry(error: ProblemError) -> tuple[int, str]:
    """How loudly it is said that a job is tried again, and what has happened to it, in words."""
    if counts_as_retry(error):
        return logging.WARNING, "failed"
    return logging.INFO, "has to wait"


def counts_as_retry(error: ProblemError) -> bool:
    """Whether a try that failed like this is one of those that an action allows."""
    return not isinstance(error, StillUnderWay | Postponed)
