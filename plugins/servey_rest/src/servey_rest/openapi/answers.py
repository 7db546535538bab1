"""The problems that an operation may end in."""

import inspect
from http import HTTPStatus
from typing import Any

from servey_core import (
    ALLOW_ALL,
    ALLOW_AUTHENTICATED,
    ActionTimeout,
    BadRequest,
    InternalError,
    InvalidInput,
    NotFound,
    PermissionDenied,
    ProblemError,
    TooManyRequests,
    Unauthorized,
)
from servey_core.actions import Action
from servey_core.errors import (
    IdempotencyKeyReused,
    PayloadTooLarge,
    StillUnderWay,
    UnsupportedMediaType,
)
from servey_core.json_schemas import PROBLEM, REFERENCE
from servey_core.naming import kebab_case
from servey_core.problems import PROBLEM_CONTENT_TYPE
from servey_rest.openapi.fields import CONTENT_RANGE, RATE_LIMIT, RETRY_AFTER, Headers
from servey_web import RangeNotSatisfiable

NAMED: tuple[type[ProblemError], ...] = (
    ActionTimeout,
    BadRequest,
    InvalidInput,
    NotFound,
    PayloadTooLarge,
    PermissionDenied,
    StillUnderWay,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
"""The problems that are components of their own."""

_FIELDS: dict[type[ProblemError], Headers] = {
    RangeNotSatisfiable: CONTENT_RANGE,
    StillUnderWay: RETRY_AFTER,
    TooManyRequests: {**RETRY_AFTER, **RATE_LIMIT},
}
"""The header fields that a problem comes with."""

_ANYBODY = (ALLOW_ALL, ALLOW_AUTHENTICATED)
"""What lets in whoever has credentials, if that."""


def problem_components() -> dict[str, Any]:
    """The components for responses, by name."""
    anything = _problem("Any other problem.", InternalError)
    return {PROBLEM: anything, **{one.__name__: _kind(one) for one in NAMED}}


def problem_answers(
    action: Action, *, body: bool, guarded: bool, ranges: bool = False
) -> dict[str, Any]:
    """The problems that an operation may end in, by status.

    Args:
        action: The action.
        body: Whether it takes a body.
        guarded: Whether it turns callers away.
        ranges: Whether parts of a result can be asked for.
    """
    kinds: list[type[ProblemError]] = [BadRequest, InvalidInput]
    kinds += [Unauthorized] if guarded else []
    kinds += [] if action.access_control in _ANYBODY else [PermissionDenied]
    kinds += [PayloadTooLarge, UnsupportedMediaType] if body else []
    kinds += [RangeNotSatisfiable] if ranges else []
    kinds += [ActionTimeout] if action.timeout is not None else []
    kinds += [StillUnderWay, IdempotencyKeyReused] if action.idempotency is not None else []
    kinds += [TooManyRequests] if action.rate_limits else []
    shown = (one.raises for one in action.examples if one.include_in_schema)
    by_status: dict[int, list[type[ProblemError]]] = {}
    for kind in dict.fromkeys((*kinds, *(one for one in shown if one is not None))):
        by_status.setdefault(kind.status, []).append(kind)
    answers = {str(status): _answer(by_status[status]) for status in sorted(by_status)}
    return {**answers, "default": _reference(PROBLEM)}


def _answer(kinds: list[type[ProblemError]]) -> dict[str, Any]:
    """The answer that may be any of several problems of one status."""
    if len(kinds) > 1:
        return _problem(" ".join(map(_text, kinds)), *kinds)
    return _reference(kinds[0].__name__) if kinds[0] in NAMED else _kind(kinds[0])


def _kind(kind: type[ProblemError]) -> dict[str, Any]:
    return _problem(_text(kind), kind)


def _text(kind: type[ProblemError]) -> str:
    text = inspect.cleandoc(vars(kind).get("__doc__") or kind.title)
    return text.partition("\n")[0] or HTTPStatus(kind.status).phrase


def _problem(text: str, *kinds: type[ProblemError]) -> dict[str, Any]:
    examples = {kebab_case(kind.__name__): {"value": _example(kind)} for kind in kinds}
    schema = {"$ref": REFERENCE.format(model=PROBLEM)}
    content = {PROBLEM_CONTENT_TYPE: {"schema": schema, "examples": examples}}
    headers = {name: one for kind in kinds for name, one in _FIELDS.get(kind, {}).items()}
    return {"description": text, **({"headers": headers} if headers else {}), "content": content}


def _example(kind: type[ProblemError]) -> dict[str, Any]:
    return {"type": kind.type, "title": kind.title, "status": kind.status}


def _reference(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/responses/{name}"}
