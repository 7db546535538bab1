"""What graphql-core tells the functions that know a value's object type."""

from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfo, GraphQLResolveInfoHelpers
from graphql.pyutils import Path, gather_with_cancel, is_awaitable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from servey_graphql.contexts import OperationContext
    from servey_graphql.plans.executing import Execution
    from servey_graphql.plans.positions import Position
    from servey_graphql.plans.slots import Field


def type_info(
    execution: "Execution", field: "Field", position: "Position"
) -> "GraphQLResolveInfo[OperationContext]":
    """What `is_type_of` and `resolve_type` get beside a value of a field."""
    first, *others = position.path()
    path = Path(None, first, None)
    for key in others:
        path = path.add_key(key)
    return GraphQLResolveInfo(
        field_name=field.name,
        field_nodes=list(field.nodes),
        return_type=field.value_type,
        parent_type=field.parent_type,
        path=path,
        schema=execution.operation.schema,
        fragments=execution.operation.fragments,
        root_value=None,
        operation=execution.operation.node,
        variable_values=execution.variables,
        context=execution.context,
        is_awaitable=is_awaitable,
        abort_signal=None,
        async_helpers=GraphQLResolveInfoHelpers(gather=_gather, track=_track),
    )


def _gather(values: "Sequence[Awaitable[Any]]") -> "Awaitable[list[Any]]":
    return gather_with_cancel(*values)


def _track(values: "Sequence[Any]") -> None:
    """Nothing outlives a call: a plan takes no asynchronous function for types."""
