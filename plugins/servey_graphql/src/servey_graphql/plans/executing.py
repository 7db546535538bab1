"""One execution of an operation: its errors, and the values that it waits for."""

from collections.abc import AsyncIterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from graphql import (
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.error import located_error
from graphql.execution.values import VariableValues
from graphql.pyutils import is_awaitable

from servey_graphql.plans.gathering import Gathering
from servey_graphql.plans.held_batches import Place
from servey_graphql.plans.positions import Key, Position, whole_data
from servey_graphql.plans.slots import Field, Slot

if TYPE_CHECKING:
    from servey_graphql.contexts import OperationContext


class Operation(NamedTuple):
    """What is executed.

    Attributes:
        schema: The schema.
        node: The operation of the document.
        fragments: The document's fragments by name.
        hide_suggestions: Whether errors keep names of the schema to themselves.
    """

    schema: GraphQLSchema
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    hide_suggestions: bool


class Execution:
    """One execution of an operation.

    Args:
        operation: What is executed.
        variables: The coerced variables.
        context: The circumstances, which every action gets.

    Attributes:
        operation: As given.
        variables: As given.
        context: As given.
        root: The place of the whole data.
        errors: The errors so far.
        arguments: The arguments that the variables gave to fields so far.
        gathering: The values that are waited for.
    """

    __slots__ = ("arguments", "context", "errors", "gathering", "operation", "root", "variables")

    def __init__(
        self, operation: Operation, variables: VariableValues, context: "OperationContext"
    ) -> None:
        self.operation = operation
        self.variables = variables
        self.context = context
        self.root = whole_data()
        self.errors: list[GraphQLError] = []
        self.arguments: dict[Field, dict[str, Any]] = {}
        self.gathering = Gathering(self)

    def run(self, field: Field, source: Any, container: Any, above: Position) -> Any:
        """Get and complete the field of one parent; see `settle`."""
        if field.batch is not None:
            self.gathering.batches.hold(field, container, above, source)
            return None
        return self.settle(field, field.key, field.resolve(source, self), container, above)

    def settle(self, slot: Slot, key: Key, value: Any, container: Any, above: Position) -> Any:
        """Complete a value, an awaitable one later.

        Args:
            slot: What the value is of.
            key: Where in the container it will stand.
            value: The value, an awaitable of it, or the exception in its place.
            container: The object or the list of the response.
            above: The container's place.

        Returns:
            What stands there, for now at least: null for an error and for what is waited for.

        Raises:
            GraphQLError: Null may not stand there.
        """
        if is_awaitable(value):
            self.gathering.expected.append((value, (slot, key, container, above)))
            return None
        if slot.is_list and isinstance(value, AsyncIterable):
            self.gathering.expected.append((_listed(value), (slot, key, container, above)))
            return None
        position = Position(above, key, container, slot.nullable)
        try:
            return slot.complete(value, self, position)
        except Exception as error:  # noqa: BLE001
            self.refuse(slot, error, position)
            return None

    def refuse(self, slot: Slot, error: Exception, position: Position) -> None:
        """Note an error in a place that may be null.

        Raises:
            GraphQLError: Null may not stand there.
        """
        located = located_error(error, slot.field.nodes, position.path())
        if not slot.nullable:
            raise located
        self.note(located, position)

    def note(self, error: GraphQLError, position: Position) -> None:
        """Note an error that puts null at a place, unless that or one above has failed before."""
        if position.is_dead():
            return
        position.failed = True
        self.errors.append(error)

    def arrive(self, place: Place, value: Any) -> None:
        """Put what was waited for in its place, or null in the nearest that may be null."""
        slot, key, container, above = place
        if self.errors and above.is_dead():
            return
        if slot.is_usual is not None and slot.is_usual(value):
            container[key] = value
            return
        try:
            container[key] = self.settle(slot, key, value, container, above)
        except GraphQLError as error:
            self.fail(error, above)

    def fail(self, error: GraphQLError, position: Position) -> None:
        """Put null in the nearest place that may be null, and abandon what is below it."""
        nulled = position.nearest_nullable()
        nulled.container[nulled.key] = None
        self.note(error, nulled)
        self.gathering.abandon_dead()


async def _listed(values: AsyncIterable[Any]) -> Sequence[Any]:
    return [value async for value in values]
