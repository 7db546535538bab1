"""Running an action from the command line, and saying what came of it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import Any

from servey_core.cli.application import Session
from servey_core.cli.credentials import Credentials
from servey_core.cli.exits import OK, exit_code
from servey_core.cli.logs import log_to
from servey_core.contexts import Context
from servey_core.errors import ProblemError
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
            return self._refuse(session, runtime, error, context)
        _write(session, body)
        return OK

    async def _invoke(self, runtime: Runtime, context: Context) -> bytes:
        try:
            outcome = await self.invoker.invoke(self.read, self.raw, context)
            return outcome.to_json()
        finally:
            await runtime.close_state()

    def _refuse(
        self, session: Session, runtime: Runtime, error: ProblemError, context: Context
    ) -> int:
        development = runtime.settings.core.development
        problem = Problem.of(error, instance=context.instance, development=development)
        if self.as_json:
            _write(session, problem.to_json())
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
    return "\n".join([*lines, f"  ({problem.instance})"]) + "\n"


def _write(session: Session, body: bytes) -> None:
    session.out.write(body + b"\n")
    session.out.flush()
