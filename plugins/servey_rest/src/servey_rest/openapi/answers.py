"""What an operation answers: its result, "not modified", and problems."""

import inspect
from http import HTTPStatus
from typing import Any

from servey_core import (
    ActionTimeout,
    BadRequest,
    InvalidInput,
    NotFound,
    PermissionDenied,
    ProblemError,
    Unauthorized,
)
from servey_core.actions import Action
from servey_core.errors import PayloadTooLarge, UnsupportedMediaType
from servey_core.problems import PROBLEM_CONTENT_TYPE
from servey_rest.openapi.schemas import REFERENCE

PROBLEM = "Problem"
"""The component that stands for any problem."""

NAMED: tuple[type[ProblemError], ...] = (
    ActionTimeout,
    BadRequest,
    InvalidInput,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    Unauthorized,
    UnsupportedMediaType,
)
"""The problems that are components of their own."""

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 has it.",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "The kind, stable."},
        "title": {"type": "string", "description": "The kind, in words."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What happened in this case."},
        "instance": {
            "type": "string",
            "format": "uri-reference",
            "description": "The id of the call, which the log carries too.",
        },
        "errors": {
            "type": "array",
            "description": "One entry for each bad field.",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "Where, as a JSON Pointer."},
                    "detail": {"type": "string"},
                    "type": {"type": "string", "description": "What is wrong, for a program."},
                },
                "required": ["pointer", "detail", "type"],
            },
        },
    },
    "required": ["type", "title", "status"],
}


def problem_components(schema: str) -> dict[str, Any]:
    """The components for responses, by name.

    Args:
        schema: What the schema of problems is called.
    """
    anything = _problem("A problem.", schema)
    return {PROBLEM: anything, **{one.__name__: _kind(one, schema) for one in NAMED}}


def problem_answers(action: Action, schema: str, *, body: bool, guarded: bool) -> dict[str, Any]:
    """The problems that an operation may end in, by status.

    Args:
        action: The action.
        schema: What the schema of problems is called.
        body: Whether it takes a body.
        guarded: Whether it turns callers away.
    """
    kinds: list[type[ProblemError]] = [BadRequest, InvalidInput]
    kinds += [Unauthorized, PermissionDenied] if guarded else []
    kinds += [PayloadTooLarge, UnsupportedMediaType] if body else []
    kinds += [ActionTimeout] if action.timeout is not None else []
    answers = {str(kind.status): _reference(kind.__name__) for kind in kinds}
    for example in action.examples:
        if example.include_in_schema and (kind := example.raises) is not None:
            own = _reference(kind.__name__) if kind in NAMED else _kind(kind, schema)
            answers.setdefault(str(kind.status), own)
    return {**dict(sorted(answers.items())), "default": _reference(PROBLEM)}


def not_modified() -> dict[str, Any]:
    """The answer to a caller that has the result already."""
    return {"description": "The caller has the result already.", "headers": cache_headers()}


def cache_headers() -> dict[str, Any]:
    """The header fields of a result that may be kept."""
    return {
        "Cache-Control": {
            "description": "For how long the result is fresh.",
            "schema": {"type": "string"},
        },
        "ETag": {"description": "What names this very result.", "schema": {"type": "string"}},
    }


def _kind(kind: type[ProblemError], schema: str) -> dict[str, Any]:
    example = {"type": kind.type, "title": kind.title, "status": kind.status}
    text = inspect.cleandoc(vars(kind).get("__doc__") or kind.title)
    return _problem(text.partition("\n")[0] or HTTPStatus(kind.status).phrase, schema, example)


def _problem(text: str, schema: str, example: dict[str, Any] | None = None) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": {"$ref": REFERENCE.format(model=schema)}}
    if example is not None:
        content["example"] = example
    return {"description": text, "content": {PROBLEM_CONTENT_TYPE: content}}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{name}"}
