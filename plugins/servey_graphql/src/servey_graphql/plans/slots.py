"""What is known before any value: the fields of an operation, and what completes their values."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLObjectType, GraphQLOutputType

from servey_graphql.resolvers import ActionField, Attribute, BatchedField

if TYPE_CHECKING:
    from servey_graphql.plans.executing import Execution
    from servey_graphql.plans.object_plans import ObjectPlan
    from servey_graphql.plans.positions import Position

Complete = Callable[[Any, "Execution", "Position"], Any]
"""Makes of a value what the response shows; raises where that cannot be done."""


class Slot:
    """What fields and the items of their lists share.

    Attributes:
        complete: Completes a value that is put here.
        field: The field; for an item, that whose list it is in.
        is_list: Whether the values are lists.
        is_usual: Whether a value is shown as it is; None where none is.
        nullable: Whether null may stand here.
    """

    __slots__ = ("complete", "field", "is_list", "is_usual", "nullable")

    complete: Complete
    field: "Field"
    is_list: bool
    is_usual: Callable[[Any], bool] | None
    nullable: bool


class Item(Slot):
    """The items of a list."""

    __slots__ = ()

    def __init__(self, field: "Field") -> None:
        self.field = field


class Field(Slot):
    """A field that an operation selects of an object type.

    Args:
        key: Its response name.
        parent_type: The object type.
        nodes: Where the document selects it.
        value_type: The type of its values.
        ancestors: The fields that lead here, outermost first.

    Attributes:
        key: As given.
        parent_type: As given.
        nodes: As given.
        value_type: As given.
        ancestors: As given.
        name: Its name in the schema.
        resolver: What gives its value; None for `__typename` and where `batch` does.
        batch: What gives the values for many parents, if that does.
        arguments: Gives the arguments of one call, which are the call's own; None where there
            are none.
        plans: What is shown of its objects, for each type that they may be of, by name.
        gates_batches: Whether a batched field is below it, which waits for all its values.
    """

    __slots__ = (
        "ancestors",
        "arguments",
        "batch",
        "gates_batches",
        "key",
        "name",
        "nodes",
        "parent_type",
        "plans",
        "resolver",
        "value_type",
    )

    def __init__(
        self,
        key: str,
        parent_type: GraphQLObjectType,
        nodes: Sequence[FieldNode],
        value_type: GraphQLOutputType,
        ancestors: "tuple[Field, ...]",
    ) -> None:
        self.key = key
        self.parent_type = parent_type
        self.nodes = nodes
        self.value_type = value_type
        self.ancestors = ancestors
        self.name = nodes[0].name.value
        self.resolver: Attribute | ActionField | None = None
        self.batch: BatchedField | None = None
        self.arguments: Callable[[Execution], dict[str, Any]] | None = None
        self.gates_batches = False
        self.plans: Mapping[str, ObjectPlan] = {}
        self.field = self

    def resolve(self, source: Any, execution: "Execution") -> Any:
        """The value for one parent, or the exception that there is in its place."""
        try:
            resolver = self.resolver
            if resolver is None:
                return self.parent_type.name
            if isinstance(resolver, Attribute):
                return resolver.of(source)
            call = resolver.start if resolver.now is None else resolver.now
            return call(source, self.arguments_of(execution), execution.context)
        except Exception as error:  # noqa: BLE001
            return error

    def arguments_of(self, execution: "Execution") -> dict[str, Any]:
        """The arguments of one call.

        Raises:
            GraphQLError: The variables give none.
        """
        return {} if self.arguments is None else self.arguments(execution)
