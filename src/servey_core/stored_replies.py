"""How a call ended, in a form that can be kept, and given again to whoever repeats the call."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

from servey_core.errors import FieldError, ProblemError
from servey_core.problems import Problem
from servey_core.results import Response

_VERSION = 1
"""The form's; it changes when an older Servey could not read what is written."""


class ReplayedProblem(ProblemError):  # noqa: N818
    """The problem that an earlier call ended with: its type, title, status and all."""

    @staticmethod
    def of(problem: Problem) -> "ReplayedProblem":
        """The error that shows as `problem` does."""
        shown = {"type": problem.type, "title": problem.title, "status": problem.status}
        error: ReplayedProblem = type("ReplayedProblem", (ReplayedProblem,), shown)(
            problem.detail, errors=problem.errors, headers=problem.headers
        )
        error.extensions = dict(problem.extensions)
        return error


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
        """One line of JSON, and the body as it is."""
        head = {
            "version": _VERSION,
            "response": asdict(self.response) if self.response else None,
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
