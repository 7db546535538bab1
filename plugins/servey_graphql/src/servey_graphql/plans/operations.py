"""Plans: an operation compiled once, and executed often.

A plan gives what graphql-core's `execute` gives with the same resolvers, in a fraction of the time.
"""

from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationType,
    execute,
    get_operation_ast,
)
from graphql.execution import ExecutionResult
from graphql.execution.values import VariableValues

from servey_graphql.plans.compiling import Compiler
from servey_graphql.plans.coverage import NotCoveredError, condition_variables
from servey_graphql.plans.executing import Execution, Operation
from servey_graphql.plans.object_plans import ObjectPlan
from servey_graphql.plans.selections import Document
from servey_graphql.plans.variables import coercer

if TYPE_CHECKING:
    from servey_graphql.contexts import OperationContext

Outcome = tuple[dict[str, Any] | None, list[GraphQLError]]
"""The data, ready to be written as JSON, and the errors."""


class Plan:
    """An operation, compiled.

    Attributes:
        conditions: The variables that `@skip` and `@include` ask: what is executed is compiled
            for each of their values that come, when they first come.
    """

    __slots__ = ("_coerce", "_document", "_name", "_operation", "_roots", "conditions")

    def __init__(
        self,
        document: DocumentNode,
        name: str | None,
        operation: Operation,
        conditions: tuple[str, ...],
    ) -> None:
        self._document = document
        self._name = name
        self._operation = operation
        self._roots: dict[tuple[bool, ...], ObjectPlan | None] = {}
        self._coerce = coercer(
            operation.schema,
            operation.node.variable_definitions or (),
            hide_suggestions=operation.hide_suggestions,
        )
        self.conditions = conditions

    async def execute(
        self, variable_values: dict[str, Any] | None, context: "OperationContext"
    ) -> Outcome:
        """Execute the operation.

        Args:
            variable_values: The variables as JSON has them.
            context: What the resolvers get.

        Returns:
            The data and the errors.
        """
        variables = self._coerce(variable_values or {})
        if isinstance(variables, list):
            return None, variables
        root = self._root(variables)
        if root is None:
            return await self._interpret(variable_values, context)
        execution = Execution(self._operation, variables, context)
        try:
            return await self._executed(root, execution)
        finally:
            execution.gathering.close()

    async def _executed(self, root: ObjectPlan, execution: Execution) -> Outcome:
        place = execution.root
        if self._operation.node.operation is OperationType.MUTATION:
            await _execute_serially(root, execution)
        else:
            try:
                place.container["data"] = root.live(None, execution, place)
            except GraphQLError as error:
                execution.fail(error, place)
            if execution.gathering:
                await execution.gathering.finish()
        return place.container["data"], execution.errors

    def compile(self, values: tuple[bool, ...]) -> ObjectPlan | None:
        """What is executed for the values of the conditions; None where plans do not cover it."""
        if values not in self._roots:
            try:
                self._roots[values] = self._compiled(values)
            except NotCoveredError:
                self._roots[values] = None
        return self._roots[values]

    def _compiled(self, values: tuple[bool, ...]) -> ObjectPlan:
        schema, node, fragments, hide_suggestions = self._operation
        root_type = schema.get_root_type(node.operation)
        if root_type is None:
            raise NotCoveredError(node.operation.value)
        conditions = dict(zip(self.conditions, values, strict=True))
        document = Document(schema, fragments, conditions)
        compiler = Compiler(document, hide_suggestions=hide_suggestions)
        return compiler.object_plan(root_type, None, [node.selection_set])

    def _root(self, variables: VariableValues) -> ObjectPlan | None:
        values = [variables.coerced.get(name) for name in self.conditions]
        if any(value is None for value in values):  # an error, which graphql-core words
            return None
        return self.compile(tuple(map(bool, values)))

    async def _interpret(
        self, variable_values: dict[str, Any] | None, context: "OperationContext"
    ) -> Outcome:
        result = execute(
            self._operation.schema,
            self._document,
            context_value=context,
            variable_values=variable_values,
            operation_name=self._name,
            hide_suggestions=self._operation.hide_suggestions,
        )
        if not isinstance(result, ExecutionResult):
            result = await result
        return result.data, result.errors or []


async def _execute_serially(root: ObjectPlan, execution: Execution) -> None:
    place = execution.root
    shown: dict[str, Any] = {}
    place.container["data"] = shown
    for field in root.fields:
        try:
            shown[field.key] = execution.run(field, None, shown, place)
        except GraphQLError as error:
            execution.fail(error, place)
        if execution.gathering:
            await execution.gathering.finish()
        if place.failed:
            return


def compile_plan(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None = None,
    *,
    hide_suggestions: bool = False,
) -> Plan | None:
    """Compile an operation of a valid document.

    Args:
        schema: The schema, whose fields are resolved by what `servey_graphql.resolvers` has.
        document: The document, which is valid by the schema.
        operation_name: Which of its operations; None if it has one.
        hide_suggestions: Whether errors of variables keep names of the schema to themselves.

    Returns:
        The plan, which executes a subscription for one event; None where graphql-core is to
        execute the operation: introspection, `@defer` and `@stream`, other resolvers, more than
        plans are for, or no such operation.
    """
    node = get_operation_ast(document, operation_name)
    if node is None:
        return None
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    try:
        conditions = condition_variables(node, fragments)
    except NotCoveredError:
        return None
    operation = Operation(schema, node, fragments, hide_suggestions)
    plan = Plan(document, operation_name, operation, conditions)
    if not conditions and plan.compile(()) is None:
        return None
    return plan
