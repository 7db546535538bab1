"""How a command reaches jobs that are kept elsewhere, and what it says where it cannot."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click
from dramatiq.errors import BrokerConnectionError

from servey_core import Runtime, SettingsError, TaskQueue, Unavailable
from servey_core.cli.exits import FAILED, REFUSED
from servey_core.redaction import redacted_text
from servey_core.tasks import IN_PROCESS
from servey_sched.brokers.base import Unsupported
from servey_sched.brokers.choosing import SETTING
from servey_sched.brokers.memory import MemoryBroker
from servey_sched.queue import NAME, DramatiqQueue

T = TypeVar("T")


class _Failed(click.ClickException):
    def show(self, file: object = None) -> None:  # noqa: ARG002 - the signature is click's
        """Write the message to stderr."""
        click.echo(f"error: {self.message}", err=True)


class CannotReach(_Failed):
    """What keeps the jobs cannot be used just now, or not for this."""

    exit_code = FAILED


class NotThere(_Failed):
    """There is no such job, or it is not where the command needs it."""

    exit_code = REFUSED


def lasting_queue(runtime: Runtime) -> TaskQueue:
    """The task queue, which keeps jobs when this process ends.

    Raises:
        SettingsError: It does not.
    """
    queue = runtime.task_queue
    if not isinstance(queue, DramatiqQueue):
        if runtime.settings.core.task_queue == IN_PROCESS:
            raise SettingsError(
                f"SERVEY_TASK_QUEUE is {IN_PROCESS!r}: each process has jobs of its own, which end "
                f"with it. For jobs that this command can send and see, leave it out, or set it to "
                f"{NAME!r}."
            )
        return queue
    if isinstance(queue.broker, MemoryBroker):
        raise SettingsError(
            f"{SETTING} is memory: - each process has jobs of its own, which end with it. For jobs "
            "that this command can send and see, set it to sqlite:///servey.db or redis://…"
        )
    return queue


def broker_queue(runtime: Runtime) -> DramatiqQueue:
    """The task queue, whose broker can be asked about jobs.

    Raises:
        SettingsError: It has none, or one that other processes have no part in.
    """
    queue = lasting_queue(runtime)
    if not isinstance(queue, DramatiqQueue):
        raise SettingsError(
            f"SERVEY_TASK_QUEUE is {runtime.settings.core.task_queue!r}, and this command knows of "
            f"the jobs of {NAME!r} alone."
        )
    return queue


def ask(runtime: Runtime, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run work on an event loop of its own, as `run_and_close` does, and say where that fails.

    Raises:
        CannotReach: The broker or the state store cannot be used just now, or not for this.
    """
    try:
        return run_and_close(runtime, work)
    except (BrokerConnectionError, Unavailable, Unsupported) as error:
        raise CannotReach(reason_of(error)) from error


def run_and_close(runtime: Runtime, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run work on an event loop of its own, and let go of all that it opened."""

    async def closing() -> T:
        try:
            return await work()
        finally:
            await runtime.close_state()

    with _logged_alone():
        try:
            return asyncio.run(closing())
        finally:
            runtime.close_task_queue()


def reason_of(error: Exception) -> str:
    """Why something cannot be reached, for whoever runs it; without secrets."""
    cause = error.__cause__ if isinstance(error, Unavailable) else None
    if cause is None:
        return redacted_text(str(error))
    if isinstance(cause, BrokerConnectionError):  # it says what it is about
        return redacted_text(str(cause))
    return redacted_text(f"{str(error).rstrip('.')}: {cause}")


@contextmanager
def _logged_alone() -> Iterator[None]:
    """Keep what is logged off the terminal, as the command says it too; logs get it."""
    logger, silent = logging.getLogger("servey"), logging.NullHandler()
    logger.addHandler(silent)
    try:
        yield
    finally:
        logger.removeHandler(silent)
