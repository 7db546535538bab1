"""From an operation's selections to what executes them."""

from collections.abc import Callable, Iterable
from inspect import iscoroutinefunction
from typing import Any

from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)

from servey_graphql.plans import completing
from servey_graphql.plans.coverage import NotCoveredError
from servey_graphql.plans.field_arguments import arguments_for
from servey_graphql.plans.generating import (
    has_plain_values,
    is_data,
    is_lazy,
    live_function,
    pure_function,
    pure_list,
)
from servey_graphql.plans.leaves import IS_USUAL
from servey_graphql.plans.object_plans import ObjectPlan
from servey_graphql.plans.selections import Document, selected_fields
from servey_graphql.plans.slots import Complete, Field, Item, Slot
from servey_graphql.resolvers import ActionField, Attribute, BatchedField, IsInstance

MOST_FIELDS = 1000
"""How many fields are compiled: fragments in fragments may ask for more than anyone wants."""


class Compiler:
    """Makes plans of the objects that an operation shows.

    Args:
        document: What collecting fields goes by.
        hide_suggestions: Whether errors keep names of the schema to themselves.
    """

    def __init__(self, document: Document, *, hide_suggestions: bool) -> None:
        self._document = document
        self._hide_suggestions = hide_suggestions
        self._count = 0

    def object_plan(
        self,
        object_type: GraphQLObjectType,
        giver: Field | None,
        selection_sets: Iterable[SelectionSetNode | None],
    ) -> ObjectPlan:
        """What is shown of the objects of a type that a field gives; see `ObjectPlan`.

        Raises:
            NotCoveredError: Something of it is not for plans, or it is too much.
        """
        selected = selected_fields(self._document, object_type, selection_sets)
        fields = [self._field(key, object_type, nodes, giver) for key, nodes in selected.items()]
        plan = ObjectPlan(object_type, giver, fields)
        if _is_known_by_class(object_type) and giver and all(map(is_data, fields)):
            plan.pure = pure_function(plan)
        else:
            plan.live = live_function(plan)
            plan.is_lazy = is_lazy(plan)
        return plan

    def _field(
        self,
        key: str,
        object_type: GraphQLObjectType,
        nodes: list[FieldNode],
        giver: Field | None,
    ) -> Field:
        self._count += 1
        definition = self._document.schema.get_field(object_type, nodes[0].name.value)
        if definition is None or self._count > MOST_FIELDS:
            raise NotCoveredError(key)
        ancestors = () if giver is None else (*giver.ancestors, giver)
        field = Field(key, object_type, nodes, definition.type, ancestors)
        if field.name != "__typename":
            _resolve_by(field, definition.resolve)
            try:
                field.arguments = arguments_for(
                    field, definition, hide_suggestions=self._hide_suggestions
                )
            except GraphQLError as error:
                raise NotCoveredError(error.message) from error
        field.plans = self._plans(field)
        self._fill(field, definition.type, field)
        return field

    def _plans(self, field: Field) -> dict[str, ObjectPlan]:
        named: Any = get_named_type(field.value_type)
        if not is_composite_type(named):
            return {}
        schema = self._document.schema
        types: list[Any] = [named]
        if is_abstract_type(named):
            types = schema.get_possible_types(named)
        if any(map(iscoroutinefunction, [*map(_asks, types), _asks(named)])):
            raise NotCoveredError(named.name)
        selection_sets = [node.selection_set for node in field.nodes]
        return {each.name: self.object_plan(each, field, selection_sets) for each in types}

    def _fill(self, slot: Slot, value_type: GraphQLOutputType, field: Field) -> None:
        """Set what a slot does with values of a type."""
        slot.nullable = not is_non_null_type(value_type)
        inner: Any = value_type.of_type if is_non_null_type(value_type) else value_type
        slot.is_list = is_list_type(inner)
        slot.is_usual = IS_USUAL.get(inner)
        if slot.is_list:
            complete = self._items(inner.of_type, field)
        elif is_leaf_type(inner):
            complete = completing.leaf(inner)
        elif is_object_type(inner):
            complete = field.plans[inner.name].complete
        else:
            complete = completing.member(inner, field, field.plans)
        slot.complete = (
            completing.nullable(complete) if slot.nullable else completing.non_null(complete, field)
        )

    def _items(self, item_type: GraphQLOutputType, field: Field) -> Complete:
        item = Item(field)
        self._fill(item, item_type, field)
        carefully = completing.items(item)
        if is_data(field):
            return carefully
        if has_plain_values(field):
            return completing.plain_items(pure_list(field, item_type), carefully)
        inner = item_type.of_type if is_non_null_type(item_type) else item_type
        if is_object_type(inner):
            return completing.live_items(item, field.plans[inner.name], carefully)
        return carefully


def _resolve_by(field: Field, resolver: object) -> None:
    if isinstance(resolver, BatchedField):
        field.batch = resolver
        for ancestor in field.ancestors:
            ancestor.gates_batches = True
        return
    if not isinstance(resolver, Attribute | ActionField):
        raise NotCoveredError(field.name)
    field.resolver = resolver


def _is_known_by_class(object_type: GraphQLObjectType) -> bool:
    return object_type.is_type_of is None or isinstance(object_type.is_type_of, IsInstance)


def _asks(named_type: GraphQLObjectType | GraphQLAbstractType) -> Callable[..., Any] | None:
    """The function that knows the values of a type."""
    if isinstance(named_type, GraphQLObjectType):
        return named_type.is_type_of
    return named_type.resolve_type
