"""Running an action from the command line, and saying what came of it."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

import click

from servey_core.cli.application import Session
from servey_core.cli.credentials import Credentials
from servey_core.cli.exits import OK, exit_code
from servey_core.cli.logs import log_to
from servey_core.contexts import Context
from servey_core.errors import ProblemError, UnknownNameError
from servey_core.invocation import Invoker
from servey_core.problems import Problem
from servey_core.runtime import Runtime
from servey_core.signatures import Arguments


@dataclass(frozen=True)
class Call:
    """One call of an action.

    Attributes:
        invoker: What runs the action.
        read: What reads the arguments.
        raw: What they are read from.
        credentials: Who calls.
        as_json: Whether a problem is written as JSON, where the result would have gone.
        idempotency_key: What the caller calls the call, whichever try it is.
    """

    invoker: Invoker
    read: Callable[[Any], Arguments]
    raw: Any
    credentials: Credentials
    as_json: bool
    idempotency_key: str | None = None

    def run(self, session: Session, runtime: Runtime) -> int:
        """Run the action, write what came of it, and give the exit status."""
        context = Context(surface="cli", idempotency_key=self.idempotency_key)
        try:
            with _quiet(session, runtime):
                context.authorization = self.credentials.authorize(runtime)
                body = asyncio.run(self._invoke(runtime, context))
        except ProblemError as error:
            return refuse(session, runtime, error, context.instance, as_json=self.as_json)
        write(session, body)
        return OK

    async def _invoke(self, runtime: Runtime, context: Context) -> bytes:
        try:
            outcome = await self.invoker.invoke(self.read, self.raw, context)
            return outcome.to_json()
        finally:
            await runtime.close_state()


def refuse(
    session: Session, runtime: Runtime, error: ProblemError, instance: str, *, as_json: bool
) -> int:
    """Say what went wrong with a call, and give the exit status.

    Args:
        session: Where to say it.
        runtime: The application.
        error: What went wrong.
        instance: The id of the call; empty for none.
        as_json: Whether it goes to stdout as JSON, rather than to stderr in words.
    """
    development = runtime.settings.core.development
    problem = Problem.of(error, instance=instance, development=development)
    if as_json:
        write(session, problem.to_json())
    else:
        session.err.write(in_words(problem))
    return exit_code(problem.status)


@contextmanager
def _quiet(session: Session, runtime: Runtime) -> Iterator[None]:
    """Keep stdout for the result: what an action prints or logs goes to stderr.

    In a process that others share, as a test's, stdout and the log are left alone.
    """
    if session.runtime is not None:
        yield
        return
    log_to(session.err, runtime.settings.core)
    with redirect_stdout(session.err):
        yield


def in_words(problem: Problem) -> str:
    """A problem for a person to read; the log has an exception's traceback already."""
    what = f"{problem.title}: {problem.detail}" if problem.detail else f"{problem.title}."
    lines = [f"error: {what}"]
    lines += [f"  {error.pointer}: {error.detail}" for error in problem.errors]
    shown = {name: problem.extensions[name] for name in problem.extensions if name != "exception"}
    lines += [f"  {name}: {value}" for name, value in shown.items()]
    lines += [f"  ({problem.instance})"] if problem.instance else []
    return "\n".join(lines) + "\n"


def invoker_named(context: click.Context, runtime: Runtime, name: str) -> Invoker:
    """What runs the action of a name, which may be written with dashes.

    Raises:
        click.UsageError: There is no such action.
    """
    by_path_name = {action.path_name: action.name for action in runtime.actions.values()}
    try:
        return runtime.invoker(name if name in runtime.actions else by_path_name.get(name, name))
    except UnknownNameError as error:
        context.fail(f"{error} `servey actions` lists them.")


def event_bytes(event: str) -> bytes:
    """All arguments of a call, as `--event` gives them; `-` reads them from stdin."""
    return sys.stdin.buffer.read() if event == "-" else event.encode(errors="surrogateescape")


def write(session: Session, body: bytes) -> None:
    """Write a line to where results go."""
    session.out.write(body + b"\n")
    session.out.flush()
