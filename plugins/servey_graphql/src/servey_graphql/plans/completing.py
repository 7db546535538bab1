"""Completing values with care: what the response shows of each, and the errors of what it cannot.

The rules are those of "Value Completion" in the GraphQL specification (6.4.3); the texts of errors
are graphql-core's, whose executor takes what plans do not cover.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from types import CoroutineType
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLAbstractType,
    GraphQLError,
    GraphQLLeafType,
    GraphQLObjectType,
    default_type_resolver,
    is_object_type,
)
from graphql.pyutils import Undefined, inspect, is_iterable

from servey_graphql.plans.positions import Position, Where, placed
from servey_graphql.plans.slots import Complete, Field, Item
from servey_graphql.plans.type_info import type_info

if TYPE_CHECKING:
    from servey_graphql.plans.executing import Execution
    from servey_graphql.plans.object_plans import ObjectPlan


def nullable(inner: Complete) -> Complete:
    """Null is null, an exception is raised, and all else is of the inner type."""

    def complete(value: Any, execution: "Execution", position: Position) -> Any:
        if isinstance(value, Exception):
            raise value
        if value is None or value is Undefined:
            return None
        return inner(value, execution, position)

    return complete


def non_null(inner: Complete, field: Field) -> Complete:
    """Null is an error, an exception is raised, and all else is of the inner type."""
    message = f"Cannot return null for non-nullable field {field.parent_type}.{field.name}."

    def complete(value: Any, execution: "Execution", position: Position) -> Any:
        if isinstance(value, Exception):
            raise value
        if value is None or value is Undefined:
            raise TypeError(message)
        return inner(value, execution, position)

    return complete


def leaf(leaf_type: GraphQLLeafType) -> Complete:
    """A scalar's or an enum's own coercion, which must give something."""

    def complete(value: Any, execution: "Execution", position: Position) -> Any:  # noqa: ARG001
        coerced = leaf_type.coerce_output_value(value)
        if coerced is None or coerced is Undefined:
            call = f"{inspect(leaf_type)}.coerce_output_value({inspect(value)})"
            raise TypeError(
                f"Expected `{call}` to return non-nullable value, returned: {inspect(coerced)}"
            )
        return coerced

    return complete


def items(item: Item) -> Complete:
    """Each item of an iterable, in its own place."""
    field = item.field
    message = (
        f"Expected Iterable, but did not find one for field '{field.parent_type}.{field.name}'."
    )

    def complete(value: Any, execution: "Execution", position: Position) -> Any:
        if not is_iterable(value):
            raise GraphQLError(message)
        completed: list[Any] = []
        iterator = iter(value)
        try:
            for index, each in enumerate(iterator):
                completed.append(execution.settle(item, index, each, completed, position))
        except Exception:
            _close_coroutines(iterator)
            raise
        return completed

    return complete


def _close_coroutines(rest: Iterator[Any]) -> None:
    """Leave no coroutine behind that nobody will await."""
    with suppress(Exception):
        for each in rest:
            if isinstance(each, CoroutineType):
                each.close()


def plain_items(quickly: Callable[[Any], list[Any]], carefully: Complete) -> Complete:
    """Items of plain data, all at once; with care where that finds a surprise."""

    def complete(value: Any, execution: "Execution", position: Position) -> Any:
        try:
            return quickly(value)
        except Exception:  # noqa: BLE001
            return carefully(value, execution, position)

    return complete


def live_items(item: Item, plan: "ObjectPlan", carefully: Complete) -> Complete:
    """Objects whose fields are more than data, those of usual classes straight away."""

    def complete(value: Any, execution: "Execution", position: Position) -> Any:
        if type(value) is not list and type(value) is not tuple:
            return carefully(value, execution, position)
        completed: list[Any] = []
        fit, live, lazily, may_be_null = plan.fit, plan.live, plan.is_lazy, item.nullable
        for index, each in enumerate(value):
            if type(each) not in fit:
                completed.append(execution.settle(item, index, each, completed, position))
                continue
            where = (position, index, completed, may_be_null)
            here: Position | Where = where if lazily else Position(*where)
            try:
                completed.append(live(each, execution, here))
            except Exception as error:  # noqa: BLE001
                execution.refuse(item, error, placed(here))
                completed.append(None)
        return completed

    return complete


def member(
    abstract_type: GraphQLAbstractType, field: Field, plans: Mapping[str, "ObjectPlan"]
) -> Complete:
    """An object of the type that the union or interface knows the value to be."""
    resolve_type = abstract_type.resolve_type or default_type_resolver

    def complete(value: Any, execution: "Execution", position: Position) -> Any:
        info = type_info(execution, field, position)
        name = resolve_type(value, info, abstract_type)
        plan = plans.get(name) if isinstance(name, str) else None
        if plan is None:
            problem = _stranger(abstract_type, field, execution, name, value)
            raise GraphQLError(problem, field.nodes)
        return plan.complete(value, execution, position)

    return complete


def not_of_type(object_type: GraphQLObjectType, field: Field, value: Any) -> GraphQLError:
    """What an object type says of a value that it does not take."""
    return GraphQLError(
        f"Expected value of type '{object_type}' but got: {inspect(value)}.", field.nodes
    )


def _stranger(
    abstract_type: GraphQLAbstractType,
    field: Field,
    execution: "Execution",
    name: object,
    value: Any,
) -> str:
    if isinstance(name, str):
        found = execution.operation.schema.get_type(name)
        if found is None:
            return (
                f"Abstract type '{abstract_type}' was resolved to a type"
                f" '{name}' that does not exist inside the schema."
            )
        if not is_object_type(found):
            return f"Abstract type '{abstract_type}' was resolved to a non-object type '{name}'."
        return f"Runtime Object type '{found}' is not a possible type for '{abstract_type}'."
    must = (
        f"Abstract type '{abstract_type}' must resolve to an Object type at runtime"
        f" for field '{field.parent_type}.{field.name}'"
    )
    if name is None:
        return (
            f"{must}. Either the '{abstract_type}' type should provide a 'resolve_type' function"
            " or each possible type should provide an 'is_type_of' function."
        )
    return (
        f"{must} with value {inspect(value)}, received '{inspect(name)}',"
        " which is not a valid Object type name."
    )
