"""The fields that actions give: how a call is started, and what becomes of what it returns."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from servey_core import CacheHeaders, Context, Invoker, ProblemError
from servey_graphql.contexts import OperationContext
from servey_graphql.resolvers import ActionField, Arguments, Now, Start
from servey_graphql.schema.arguments import ReadGiven, reader
from servey_graphql.schema.types import Convert

Settle = Callable[[Any, OperationContext], Any]

Failure = (Exception, SystemExit)
"""What nobody foresaw of an action; the latter would end the process, where a task raises it."""


def action_field(invoker: Invoker, convert: Convert | None) -> ActionField:
    """The field that an action gives.

    Args:
        invoker: What runs the action.
        convert: What makes of its result what the field's type takes.
    """
    read, settle = reader(invoker.action, invoker.signature), settler(invoker, convert)
    if not invoker.direct:
        return ActionField(_whole(invoker, read, settle))
    start, now = _started(invoker, read, settle), _now(invoker, read, settle)
    if convert is None and _is_bare(invoker):
        if invoker.action.is_async:
            start = _bare_start(invoker)
        elif now is not None:
            now = _bare_now(invoker)
    return ActionField(start, now)


def context_maker(invoker: Invoker) -> Callable[[OperationContext], Context]:
    """What gives the circumstances of a call: one for all where nothing heeds them."""
    if invoker.uses_context:
        return OperationContext.for_call
    shared = Context()
    return lambda _: shared


def settler(invoker: Invoker, convert: Convert | None) -> Settle:
    """What leaves a result's hint with the operation, and gives what the field's type takes."""
    hint = _hinter(invoker)

    def settle(value: Any, operation: OperationContext) -> Any:
        operation.hints.append(hint and hint(value))
        if convert is None or value is None:
            return value
        return convert(value)

    return settle


def _hinter(invoker: Invoker) -> Callable[[Any], CacheHeaders] | None:
    """What gives the hint of a result; None where the action has none."""
    if invoker.action.cache_control is None:
        return None
    of_caller = invoker.batch is not None and invoker.batch.depends_on_caller

    def hint(value: Any) -> CacheHeaders:
        headers = invoker.cache_headers(value, b"") or CacheHeaders()
        return replace(headers, private=True) if of_caller else headers

    return hint


def _whole(invoker: Invoker, read: ReadGiven, settle: Settle) -> Start:
    """For an action with limits, kept results, earlier tries or a stream."""
    name = invoker.action.name

    async def start(parent: Any, arguments: Arguments, operation: OperationContext) -> Any:
        context = operation.for_repeatable_call(name)
        try:
            outcome = await invoker.invoke(read, (parent, arguments), context)
            return settle(outcome.value, operation)
        except ProblemError:
            raise
        except Failure as error:
            raise invoker.failure(error, operation.for_call()) from error

    return start


def _started(invoker: Invoker, read: ReadGiven, settle: Settle) -> Start:
    begin, context = invoker.starter(read), context_maker(invoker)

    async def start(parent: Any, arguments: Arguments, operation: OperationContext) -> Any:
        try:
            value = await begin((parent, arguments), context(operation))
            return settle(value, operation)
        except ProblemError:
            raise
        except Failure as error:
            raise invoker.failure(error, operation.for_call()) from error

    return start


def _now(invoker: Invoker, read: ReadGiven, settle: Settle) -> Now | None:
    run, context = invoker.now(read), context_maker(invoker)
    if run is None:
        return None

    def now(parent: Any, arguments: Arguments, operation: OperationContext) -> Any:
        try:
            return settle(run((parent, arguments), context(operation)), operation)
        except ProblemError:
            raise
        except Failure as error:
            raise invoker.failure(error, operation.for_call()) from error

    return now


def _is_bare(invoker: Invoker) -> bool:
    """Whether a call that `starter` or `now` makes is that of a method with the parent alone."""
    action = invoker.action
    return (
        action.owner is not None
        and len(invoker.signature.parameters) == 1
        and invoker.is_plain
        and action.cache_control is None
    )


def _bare_start(invoker: Invoker) -> Start:
    function, failure = invoker.action.function, invoker.failure

    async def start(parent: Any, arguments: Arguments, operation: OperationContext) -> Any:  # noqa: ARG001
        try:
            value = await function(parent)
        except ProblemError:
            raise
        except Failure as error:
            raise failure(error, operation.for_call()) from error
        operation.hints.append(None)
        return value

    return start


def _bare_now(invoker: Invoker) -> Now:
    function, failure = invoker.action.function, invoker.failure

    def now(parent: Any, arguments: Arguments, operation: OperationContext) -> Any:  # noqa: ARG001
        try:
            value = function(parent)
        except ProblemError:
            raise
        except Failure as error:
            raise failure(error, operation.for_call()) from error
        operation.hints.append(None)
        return value

    return now
