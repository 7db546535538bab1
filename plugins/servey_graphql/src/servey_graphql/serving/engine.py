"""What every operation goes through, wherever it comes from: found, limited, and run in time."""

import inspect
from typing import Any

from graphql import ExecutionResult, GraphQLError, GraphQLSchema, execute

from servey_graphql.contexts import OperationContext
from servey_graphql.serving.documents import CompilePlan, Documents, Operation
from servey_graphql.serving.persisted import PersistedDocuments
from servey_graphql.serving.requests import Asked
from servey_graphql.serving.timing import in_time
from servey_graphql.settings import GraphqlSettings

Result = tuple[dict[str, Any] | None, list[GraphQLError]]
"""Data and errors; without data, where the errors have no path, nothing was run."""


class Engine:
    """Runs operations.

    Args:
        schema: What there is to ask for.
        settings: The limits.
        compile_plan: What makes plans.
        persisted: The documents that are known by name.
        development: Whether the caller is the developer.

    Attributes:
        schema: As given.
        development: As given.
        documents: The documents that were found good.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        settings: GraphqlSettings,
        compile_plan: CompilePlan,
        persisted: PersistedDocuments,
        *,
        development: bool,
    ) -> None:
        self.schema = schema
        self._timeout = settings.graphql_timeout or None
        self._persisted = persisted
        self.development = development
        self.documents = Documents(schema, settings, compile_plan, development=development)

    def operation(self, asked: Asked) -> Operation:
        """The operation that a request means.

        Raises:
            DocumentError: Its document cannot be had, or cannot be run.
            PermissionDenied: Its document is none of those that are run.
            BadRequest: It contradicts itself.
        """
        document = self.documents.get(self._persisted.text_of(asked))
        operation = document.operation(asked.operation_name)
        operation.check_cost(asked.variables)
        if asked.sha256 is not None:
            self._persisted.remember(asked)
        return operation

    async def run(
        self, operation: Operation, variables: dict[str, Any], context: OperationContext
    ) -> Result:
        """Run an operation.

        Args:
            operation: The operation.
            variables: The values of its variables, as they came.
            context: The circumstances.

        Raises:
            ActionTimeout: It took too long.
        """
        return await in_time(self._execute(operation, variables, context), self._timeout)

    async def _execute(
        self, operation: Operation, variables: dict[str, Any], context: OperationContext
    ) -> Result:
        if operation.plan is not None:
            return await operation.plan.execute(variables, context)
        begun = execute(
            self.schema,
            operation.document,
            context_value=context,
            variable_values=variables,
            operation_name=operation.name,
            hide_suggestions=not self.development,
        )
        result: ExecutionResult = await begun if inspect.isawaitable(begun) else begun
        return result.data, result.errors or []
