"""Which application code means that names none, such as a call of `enqueue` in a thread."""

from contextlib import contextmanager
from contextvars import Context, ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from servey_core.runtime import Runtime

_here: "ContextVar[Runtime | None]" = ContextVar("servey_runtime", default=None)
_starts_here: ContextVar[bool] = ContextVar("servey_starts", default=False)
_of_the_process: "list[Runtime]" = []


def known_runtime() -> "Runtime | None":
    """The application that runs this code, else the last one that this process started."""
    return _here.get() or (_of_the_process[-1] if _of_the_process else None)


def adopt(runtime: "Runtime") -> None:
    """Make an application that of the process, for all code that no other runs."""
    _of_the_process[:] = [runtime]


@contextmanager
def running(runtime: "Runtime") -> "Iterator[None]":
    """Run code as that of an application: in this context, and in tasks and threads from here."""
    token = _here.set(runtime)
    try:
        yield
    finally:
        _here.reset(token)


def context_of(runtime: "Runtime") -> Context:
    """Context variables for code that runs as that of an application, and for nobody else."""
    context = Context()
    context.run(_here.set, runtime)
    return context


def starts_here() -> bool:
    """Whether this code is run by the start of an application, as a module of its actions is."""
    return _starts_here.get()


@contextmanager
def starting() -> "Iterator[None]":
    """Start an application: code that is run meanwhile belongs to none that could do anything."""
    token = _starts_here.set(True)
    try:
        yield
    finally:
        _starts_here.reset(token)
