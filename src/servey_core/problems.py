"""One error object for every surface: the problem details of RFC 9457."""

import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from pydantic_core import to_jsonable_python

from servey_core.errors import FieldError, ProblemError

PROBLEM_CONTENT_TYPE = "application/problem+json"


def new_instance() -> str:
    """Make up the id of one call, as a URI; the problem and the log both carry it."""
    return f"urn:servey:call:{token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong with one call, as the caller sees it.

    Attributes:
        type: A stable URI for this kind of problem.
        title: The kind, in words.
        status: An HTTP status code; other surfaces map it.
        detail: What happened in this case.
        instance: The id of the call, which the log carries too.
        errors: One entry for each bad field.
        extensions: Further members.
        headers: HTTP response fields that go with it; not part of the object.
    """

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    errors: tuple[FieldError, ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, error: ProblemError, *, instance: str = "", development: bool = False) -> "Problem":
        """Show an error to the caller.

        Args:
            error: The error.
            instance: The id of the call.
            development: Whether the caller is the developer, who may see the cause of a failure
                that the action's author did not foresee.
        """
        extensions = dict(error.extensions)
        if development and error.__cause__ is not None:
            extensions["exception"] = _describe(error.__cause__)
        return cls(
            type=error.type,
            title=error.title,
            status=error.status,
            detail=error.detail,
            instance=instance,
            errors=error.errors,
            extensions=extensions,
            headers=error.headers,
        )

    def to_dict(self) -> dict[str, Any]:
        """The object's members; empty ones are left out."""
        members: dict[str, Any] = {"type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            members["detail"] = self.detail
        if self.instance:
            members["instance"] = self.instance
        if self.errors:
            members["errors"] = [
                {"pointer": error.pointer, "detail": error.detail, "type": error.type}
                for error in self.errors
            ]
        return {**self.extensions, **members}

    def to_json(self) -> bytes:
        """The object as JSON, in UTF-8, whatever the extensions are: NaN is null, for one."""
        members = to_jsonable_python(
            self.to_dict(), inf_nan_mode="null", bytes_mode="base64", fallback=str
        )
        return json.dumps(members, ensure_ascii=False).encode("utf-8", "replace")


def _describe(cause: BaseException) -> dict[str, str]:
    frames = traceback.extract_tb(cause.__traceback__)
    described = {"type": type(cause).__qualname__, "message": str(cause)}
    if frames:
        described["at"] = f"{frames[-1].filename}:{frames[-1].lineno}"
    return described
