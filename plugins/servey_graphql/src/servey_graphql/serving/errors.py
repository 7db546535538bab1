"""Errors as callers see them: each is a problem, in `errors[].extensions`."""

import logging
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLError
from pydantic_core import to_jsonable_python

from servey_core import InternalError, InvalidInput, Problem, ProblemError
from servey_graphql.serving.problems import InvalidDocument

if TYPE_CHECKING:
    from servey_graphql.contexts import OperationContext

_log = logging.getLogger("servey.graphql")

LONGEST = 300
"""How much of a message of graphql-core's is told, in characters: it may quote the document."""


def formatted(
    error: GraphQLError, context: "OperationContext", *, development: bool, valid: bool = True
) -> dict[str, Any]:
    """An error as a member of `errors`.

    What nobody foresaw is logged, and told as `InternalError` without a word of its own.

    Args:
        error: What graphql-core, or a plan, makes of what was raised.
        context: The circumstances of the operation.
        development: Whether the caller is the developer, who is told of causes.
        valid: Whether the document is; what the caller did wrong then are variables and arguments.
    """
    cause = _cause_of(error)
    if cause is None:
        shown: ProblemError = InvalidInput() if valid else InvalidDocument()
        told = {"message": _cut(error.message), "extensions": _members(shown, context)}
    else:
        shown = cause if isinstance(cause, ProblemError) else _unforeseen(cause, error, context)
        told = told_problem(shown, context, development=development)
    if error.locations:
        told["locations"] = [{"line": one.line, "column": one.column} for one in error.locations]
    if error.path:
        told["path"] = error.path
    return told


def told_problem(
    error: ProblemError, context: "OperationContext", *, development: bool
) -> dict[str, Any]:
    """A problem as a member of `errors`, without a place."""
    return {
        "message": error.detail or error.title,
        "extensions": _members(error, context, development=development),
    }


def _members(error: ProblemError, context: "OperationContext", *, development: bool = False) -> Any:
    problem = Problem.of(error, instance=context.instance, development=development)
    return to_jsonable_python(
        problem.to_dict(), inf_nan_mode="null", bytes_mode="base64", fallback=str
    )


def _cause_of(error: GraphQLError) -> Exception | None:
    """What was raised; None where the caller's document or variables are to blame.

    They are where nothing was run yet, which is where there is no path. graphql-core blames the
    value of an argument for what it finds wrong with that later. Where a result is not what its
    type says, it blames the field, or nothing.
    """
    cause = error.original_error
    if not error.path and not isinstance(cause, ProblemError):
        return None
    while isinstance(cause, GraphQLError):
        if not all(isinstance(node, FieldNode) for node in cause.nodes or ()):
            return None
        if cause.original_error is None:
            return cause
        cause = cause.original_error
    return cause


def _unforeseen(
    cause: Exception, error: GraphQLError, context: "OperationContext"
) -> InternalError:
    field = ".".join(str(part) for part in error.path or () if isinstance(part, str))
    _log.error(
        "field %r failed: %s",
        field,
        context.instance,
        exc_info=cause,
        extra={"field": field, "instance": context.instance},
    )
    shown = InternalError()
    shown.__cause__ = cause
    return shown


def _cut(message: str) -> str:
    return message if len(message) <= LONGEST else f"{message[:LONGEST]}…"
