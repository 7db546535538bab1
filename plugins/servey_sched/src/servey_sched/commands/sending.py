"""Sending one job, and waiting for what comes of it."""

import sys

import click

from servey_core import (
    JobFailed,
    JobOrder,
    ProblemError,
    Runtime,
    SettingsError,
    TaskQueue,
    Unavailable,
)
from servey_core.job_handles import job_of
from servey_core.state.memory import MemoryStore
from servey_core.stored_replies import ReplayedProblem
from servey_sched.commands.reaching import reason_of, run_and_close


class NoResult(ProblemError):  # noqa: N818 - an exception's name is its problem's title
    """A job that was waited for has no result to show."""


def require_replies(runtime: Runtime) -> None:
    """Refuse to wait where what workers keep cannot be seen.

    Raises:
        SettingsError: Each process has a state of its own.
    """
    if isinstance(runtime.state, MemoryStore):
        raise SettingsError(
            "SERVEY_STATE is memory: - results are kept in the worker's own memory, where --wait "
            "cannot see them. Set it to sqlite:///servey.db or redis://…"
        )


def send(runtime: Runtime, queue: TaskQueue, order: JobOrder) -> None:
    """Send a job.

    Raises:
        Unavailable: The queue cannot be used just now.
        ValueError: The queue cannot hold the job back for so long, or order it so.
    """

    async def sent() -> None:
        await _put(queue, order)

    run_and_close(runtime, sent)


def send_and_wait(
    runtime: Runtime, queue: TaskQueue, order: JobOrder, timeout: float | None
) -> bytes:
    """Send a job, and wait for its result.

    Args:
        runtime: The application.
        queue: What takes the job.
        order: The job.
        timeout: For how many seconds to wait at most; None for as long as it takes.

    Returns:
        The result, as JSON.

    Raises:
        ProblemError: The job ended with this problem.
        NoResult: It has not ended in time, or was cancelled.
        Unavailable: The queue or the state store cannot be used just now.
        ValueError: As `send`.
    """
    name = f"Job {order.id} ({order.action.name})"
    look = f"`servey jobs show {order.id}` says how far it is."

    async def result() -> bytes:
        await _put(queue, order)
        if sys.stderr.isatty():
            click.echo(f"{name} is sent.", err=True)
        try:
            reply = await job_of(order, runtime, queue).reply(timeout)
        except TimeoutError:
            raise NoResult(f"{name} has not ended within {timeout:g} s. {look}") from None
        except JobFailed as error:
            raise NoResult(str(error)) from None
        if reply.problem is not None:
            raise ReplayedProblem.of(reply.problem)
        return reply.body

    try:
        return run_and_close(runtime, result)
    except KeyboardInterrupt:
        click.echo(f"{name} goes on without you. {look}", err=True)
        raise


async def _put(queue: TaskQueue, order: JobOrder) -> None:
    try:
        await queue.aput([order])
    except Unavailable as error:
        raise type(error)(reason_of(error)) from None
