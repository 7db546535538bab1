"""How many values an operation may come to: known before it runs.

A field is one value. What is in a list counts as often as the list has items, which an argument of
its field, or of the field around it, says: `first`, `last`, `limit`. A page's lists are one below
the field that takes the argument.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    TypeMetaFieldDef,
    VariableNode,
    get_named_type,
    get_nullable_type,
)
from graphql.type import SchemaMetaFieldDef
from graphql.utilities.coerce_input_value import coerce_default_value

SIZE_ARGUMENTS = ("first", "last", "limit", "pageSize", "perPage", "take")
"""The arguments that say how many items a list has."""

Size = int | str
"""How many: a number, or the variable that has it."""


class Cost:
    """What a part of an operation costs.

    Args:
        fixed: What it costs in any case.
        parts: What depends on variables: how many times what.
    """

    __slots__ = ("fixed", "parts")

    def __init__(self, fixed: int, parts: "tuple[tuple[Size, Cost], ...]" = ()) -> None:
        self.fixed = fixed
        self.parts = parts

    def with_variables(self, variables: Mapping[str, Any], otherwise: Mapping[str, int]) -> int:
        """The cost.

        Args:
            variables: The variables that are given, unchecked.
            otherwise: What those are that are not given.
        """
        total = self.fixed
        for size, part in self.parts:
            times = size if isinstance(size, int) else _given(size, variables, otherwise)
            total += times * part.with_variables(variables, otherwise)
        return total


def _given(name: str, variables: Mapping[str, Any], otherwise: Mapping[str, int]) -> int:
    value = variables.get(name)
    return max(value, 0) if isinstance(value, int) else otherwise[name]


class CostModel:
    """Finds out what operations cost.

    Args:
        schema: The schema.
        list_size: How many items a list has, where nothing says it.
    """

    def __init__(self, schema: GraphQLSchema, list_size: int) -> None:
        self._schema = schema
        self._list_size = list_size

    def cost(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> Cost:
        """What an operation costs, which fits the schema."""
        root = self._schema.get_root_type(operation.operation)
        return self._of(operation.selection_set, root, None, fragments)

    def defaults(self, operation: OperationDefinitionNode) -> dict[str, int]:
        """What the variables of an operation are as sizes, where they are not given."""
        found = {}
        for one in operation.variable_definitions or ():
            default = one.default_value
            size = self._list_size
            if isinstance(default, IntValueNode):
                size = max(int(default.value), 0)
            found[one.variable.name.value] = size
        return found

    def _of(
        self,
        selected: SelectionSetNode,
        parent: GraphQLNamedType | None,
        around: Size | None,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> Cost:
        fixed = 0
        parts: list[tuple[Size, Cost]] = []
        for one in selected.selections:
            if isinstance(one, FieldNode):
                found = self._of_field(one, parent, around, fragments)
            elif isinstance(one, FragmentSpreadNode):
                fragment = fragments[one.name.value]
                on = self._schema.get_type(fragment.type_condition.name.value)
                found = self._of(fragment.selection_set, on, around, fragments)
            elif isinstance(one, InlineFragmentNode):
                condition = one.type_condition
                on = self._schema.get_type(condition.name.value) if condition else parent
                found = self._of(one.selection_set, on, around, fragments)
            fixed += found.fixed
            parts += found.parts
        return Cost(fixed, tuple(parts))

    def _of_field(
        self,
        node: FieldNode,
        parent: GraphQLNamedType | None,
        around: Size | None,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> Cost:
        field = self._field(node.name.value, parent)
        if node.selection_set is None or field is None:
            return Cost(1)
        size = _size_by_argument(node, field)
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        inner_type = get_named_type(field.type)
        inner = self._of(node.selection_set, inner_type, None if is_list else size, fragments)
        if not is_list:
            return Cost(1 + inner.fixed, inner.parts)
        times = next((one for one in (size, around) if one is not None), self._list_size)
        if isinstance(times, int) and not inner.parts:
            return Cost(1 + times * inner.fixed)
        return Cost(1, ((times, inner),))

    def _field(self, name: str, parent: GraphQLNamedType | None) -> GraphQLField | None:
        if name == "__schema":
            return SchemaMetaFieldDef
        if name == "__type":
            return TypeMetaFieldDef
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            found: GraphQLField | None = parent.fields.get(name)
            return found
        return None


def _size_by_argument(node: FieldNode, field: GraphQLField) -> Size | None:
    """How many items an argument asks for; None where none does."""
    given = {one.name.value: one.value for one in node.arguments or ()}
    for name in SIZE_ARGUMENTS:
        if name not in field.args:
            continue
        value = given.get(name)
        if isinstance(value, VariableNode):
            return value.name.value
        if isinstance(value, IntValueNode):
            return max(int(value.value), 0)
        default = coerce_default_value(field.args[name]) if value is None else None
        if isinstance(default, int):
            return max(default, 0)
    return None
