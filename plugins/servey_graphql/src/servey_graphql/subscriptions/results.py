"""Operations as streams of results: a subscription has one for each event, any other has one."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    SelectionSetNode,
)
from graphql.execution.values import get_variable_values

from servey_core import InternalError, MethodNotAllowed, ProblemError, Runtime
from servey_core.access import authorise
from servey_graphql.contexts import EventContext, OperationContext
from servey_graphql.schema import subscription_channels
from servey_graphql.schema.names import camel_case
from servey_graphql.serving.documents import Operation
from servey_graphql.serving.engine import Engine
from servey_graphql.serving.errors import formatted, told_problem
from servey_graphql.serving.problems import InvalidDocument
from servey_graphql.serving.requests import Asked
from servey_graphql.serving.responses import written

_log = logging.getLogger("servey.graphql")

Members = dict[str, Any]
"""An error, as the members of its JSON."""


class OperationFailed(Exception):  # noqa: N818 - what happened
    """An operation was refused, or has no further results.

    Attributes:
        errors: Why, as callers see it.
    """

    def __init__(self, errors: Sequence[Members]) -> None:
        super().__init__(errors)
        self.errors = list(errors)


class Results:
    """Gives operations' results.

    Args:
        runtime: The application.
        engine: What runs operations.
    """

    def __init__(self, runtime: Runtime, engine: Engine) -> None:
        self._engine = engine
        self._sources = {
            camel_case(one.name): (one, runtime.transport_of(one))
            for one in subscription_channels(runtime)
        }

    def operation(
        self, asked: Asked, context: OperationContext, *, may_change: bool = True
    ) -> Operation:
        """The operation that a request means.

        Args:
            asked: The request.
            context: The circumstances.
            may_change: Whether mutations are run.

        Raises:
            OperationFailed: It is none that can be run.
        """
        try:
            operation = self._engine.operation(asked)
            if not (may_change or operation.reads or operation.streams):
                raise MethodNotAllowed("GET runs no mutations: use POST.")
        except InvalidDocument as error:
            if not error.found:
                raise self.failure(error, context) from None
            found = [self._formatted(one, context, valid=False) for one in error.found]
            raise OperationFailed(found) from None
        except ProblemError as error:
            raise self.failure(error, context) from None
        return operation

    async def of(
        self, operation: Operation, variables: dict[str, Any], context: OperationContext
    ) -> AsyncGenerator[bytes]:
        """The results of an operation, as JSON; whoever asks closes the iterator.

        Args:
            operation: The operation.
            variables: The values of its variables, as they came.
            context: The circumstances.

        Raises:
            OperationFailed: It has no results, or no further ones.
        """
        try:
            if not operation.streams:
                yield await self._result(operation, variables, context)
                return
            async with AsyncExitStack() as stack:
                events = await self._events(operation, variables, context, stack)
                async for event in events:
                    yield await self._result(operation, variables, EventContext(context, event))
        except GraphQLError as error:
            raise OperationFailed([self._formatted(error, context)]) from None
        except ProblemError as error:
            raise self.failure(error, context) from None
        except OperationFailed:
            raise
        except Exception as error:
            _log.exception("an operation failed: %s", context.instance)
            raise self.failure(InternalError(), context) from error

    async def _events(
        self,
        operation: Operation,
        variables: dict[str, Any],
        context: OperationContext,
        stack: AsyncExitStack,
    ) -> AsyncIterator[Any]:
        """Subscribe to the channel that an operation means (spec, section 6.2.3.1)."""
        node = operation.node
        definitions, hides = node.variable_definitions or (), not self._engine.development
        found = get_variable_values(
            self._engine.schema, definitions, variables, hide_suggestions=hides
        )
        if isinstance(found, list):
            raise OperationFailed([self._formatted(one, context) for one in found])
        field = _root_field(operation, node.selection_set)
        channel, transport = self._sources[field.name.value]
        try:
            authorise(channel.access_control, context.authorization)
            return await stack.enter_async_context(transport.listen(channel, context.authorization))
        except ProblemError as error:
            key = (field.alias or field.name).value
            raise GraphQLError(str(error), [field], path=[key], original_error=error) from None

    async def _result(
        self, operation: Operation, variables: dict[str, Any], context: OperationContext
    ) -> bytes:
        data, errors = await self._engine.run(operation, variables, context)
        if not errors:
            return written({"data": data})
        told = [self._formatted(error, context) for error in errors]
        if data is None and not any(error.path for error in errors):
            raise OperationFailed(told)
        return written({"data": data, "errors": told})

    def _formatted(
        self, error: GraphQLError, context: OperationContext, *, valid: bool = True
    ) -> Members:
        return formatted(error, context, development=self._engine.development, valid=valid)

    def failure(self, error: ProblemError, context: OperationContext) -> OperationFailed:
        """A problem as what ends an operation."""
        told = told_problem(error, context, development=self._engine.development)
        return OperationFailed([told])


def _root_field(operation: Operation, selected: SelectionSetNode) -> FieldNode:
    """The one field that a subscription begins with, which validation holds to be there."""
    first = selected.selections[0]
    while not isinstance(first, FieldNode):
        if isinstance(first, FragmentSpreadNode):
            selected = _fragment(operation, first.name.value).selection_set
        elif isinstance(first, InlineFragmentNode):
            selected = first.selection_set
        first = selected.selections[0]
    return first


def _fragment(operation: Operation, name: str) -> FragmentDefinitionNode:
    return next(
        one
        for one in operation.document.definitions
        if isinstance(one, FragmentDefinitionNode) and one.name.value == name
    )
