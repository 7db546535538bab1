"""Failures of jobs, in words."""

import traceback

from servey_core import InternalError, ProblemError

_LONGEST = 20_000
"""How much of a text is kept, in characters; its end says most."""


def told(error: ProblemError) -> str:
    """A problem as dead letters have it: with the traceback of what nobody foresaw."""
    if error.__cause__ is not None:
        return printable("".join(traceback.format_exception(error.__cause__)))
    fields = "".join(f"\n  {one.pointer}: {one.detail}" for one in error.errors)
    return printable(f"{error.title} ({error.status}): {error.detail}{fields}")


def printable(text: str) -> str:
    """A text that any broker takes: not too long, and without half characters."""
    if len(text) > _LONGEST:
        text = f"…{text[-_LONGEST:]}"
    return text.encode("utf-8", "backslashreplace").decode()


def unforeseen(error: BaseException) -> InternalError:
    """The problem that stands for something which a job should not do to its worker."""
    problem = InternalError()
    problem.__cause__ = error
    return problem


def was_cancelled() -> InternalError:
    """What a job ends with that was cancelled by itself, or by what it waited for."""
    return unforeseen(RuntimeError("The job was cancelled, though nobody asked for it."))
