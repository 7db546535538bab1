"""How a call ended, in a form that can be kept, and given again to whoever repeats the call."""

import json
from collections import deque
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, Self

from servey_core.errors import FieldError, ProblemError
from servey_core.problems import Problem
from servey_core.results import Response

_VERSION = 1
"""The form's; it changes when an older Servey could not read what is written."""


class ReplayedProblem(ProblemError):  # noqa: N818
    """The problem that an earlier call ended with: its type, title, status and all.

    It is also of the class that was raised, where this process has that: who would have caught the
    problem catches it. What that class's own `__init__` does has not happened.
    """

    @staticmethod
    def of(problem: Problem) -> "ReplayedProblem":
        """The error that shows as `problem` does."""
        kind = _replayed(problem.type, problem.title, problem.status)
        error = kind.__new__(kind)
        ProblemError.__init__(error, problem.detail, errors=problem.errors, headers=problem.headers)
        error.extensions = dict(problem.extensions)
        return error


@lru_cache(maxsize=256)
def _replayed(name: str, title: str, status: int) -> type[ReplayedProblem]:
    """The class of problems that show as this type, title and status."""
    raised = _class_of(name, status)
    bases = (ReplayedProblem,) if raised is None else (ReplayedProblem, raised)
    return type("ReplayedProblem", bases, {"type": name, "title": title, "status": status})


def _class_of(name: str, status: int) -> type[ProblemError] | None:
    """The class whose problems have a type and a status: the most general of several."""
    pending: deque[type[ProblemError]] = deque(ProblemError.__subclasses__())
    while pending:
        found = pending.popleft()
        if issubclass(found, ReplayedProblem):
            continue
        if (found.type, found.status) == (name, status):
            return found
        pending.extend(found.__subclasses__())
    return None


@dataclass(frozen=True, slots=True)
class StoredReply:
    """How a call ended.

    Attributes:
        body: The result, serialised.
        response: What the action added to the response; None where that is nothing.
        problem: The problem that it ended with; None where there is a result.
    """

    body: bytes = b""
    response: Response | None = None
    problem: Problem | None = None

    @classmethod
    def of_problem(cls, error: ProblemError) -> Self:
        """The reply of an action that raised `error`."""
        return cls(problem=Problem.of(error))

    def to_bytes(self) -> bytes:
        """One line of JSON, and the body as it is; a session is not for whoever repeats a call."""
        head = {
            "version": _VERSION,
            "response": asdict(replace(self.response, session=None)) if self.response else None,
            "problem": _members(self.problem) if self.problem else None,
        }
        return json.dumps(head, default=str).encode() + b"\n" + self.body

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: It is something else, or was written by a Servey that is too new.
        """
        line, _, body = text.partition(b"\n")
        head = json.loads(line)
        if head["version"] != _VERSION:
            raise ValueError(f"A reply of version {head['version']} cannot be read: update Servey.")
        response, problem = head["response"], head["problem"]
        return cls(
            body,
            Response(**response) if response else None,
            _problem(**problem) if problem else None,
        )


def _members(problem: Problem) -> dict[str, Any]:
    """All of it but the id of the call, of which each has its own."""
    return {
        "type": problem.type,
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "errors": [asdict(error) for error in problem.errors],
        "extensions": problem.extensions,
        "headers": problem.headers,
    }


def _problem(*, errors: list[dict[str, str]], **members: Any) -> Problem:
    return Problem(errors=tuple(FieldError(**error) for error in errors), **members)
