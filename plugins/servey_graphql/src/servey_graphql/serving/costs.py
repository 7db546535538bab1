"""How many values an operation may come to: known before it runs.

A field is one value. What is in a list counts as often as the list has items, which an argument of
its field, or of the field around it, says: `first`, `last`, `limit`; the greatest, where there are
several. A page's lists are one below the field that takes the argument.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from graphql import (
    FieldNode,
    FloatValueNode,
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
_INTROSPECTED = 3
"""How many items a list of introspection has: with more, what tools ask for would be too much."""


class Size(NamedTuple):
    """How many: the number, or the value of the variable.

    Attributes:
        number: How many, where there is no variable, or no value of it.
        variable: The variable that says it.
    """

    number: int
    variable: str | None = None

    def of(self, variables: Mapping[str, Any], otherwise: Mapping[str, int]) -> int:
        """How many, by the variables that are given, and what those are that are not."""
        if self.variable is None:
            return self.number
        given = _whole(variables.get(self.variable))
        return otherwise.get(self.variable, self.number) if given is None else given


Sizes = tuple[Size, ...]
"""Sizes of which the greatest counts."""


class Cost:
    """What a part of an operation costs.

    Args:
        fixed: What it costs in any case.
        parts: What depends on variables: how many times what.
    """

    __slots__ = ("fixed", "parts")

    def __init__(self, fixed: int, parts: "tuple[tuple[Sizes, Cost], ...]" = ()) -> None:
        self.fixed = fixed
        self.parts = parts

    def with_variables(self, variables: Mapping[str, Any], otherwise: Mapping[str, int]) -> int:
        """The cost.

        Args:
            variables: The variables that are given, unchecked.
            otherwise: What those are that are not given, and have a default.
        """
        total = self.fixed
        for sizes, part in self.parts:
            times = max(size.of(variables, otherwise) for size in sizes)
            total += times * part.with_variables(variables, otherwise)
        return total


def _whole(value: Any) -> int | None:
    """A number that is one of items, which `Int` takes as `5.0` too; None where it is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and value >= 0 else None


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
        return self._of(operation.selection_set, root, (), fragments)

    def defaults(self, operation: OperationDefinitionNode) -> dict[str, int]:
        """What the variables of an operation are as sizes, where they have a default."""
        found = {}
        for one in operation.variable_definitions or ():
            size = _literal(one.default_value)
            if size is not None:
                found[one.variable.name.value] = size
        return found

    def _of(
        self,
        selected: SelectionSetNode,
        parent: GraphQLNamedType | None,
        around: Sizes,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> Cost:
        fixed = 0
        parts: list[tuple[Sizes, Cost]] = []
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
        around: Sizes,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> Cost:
        field = self._field(node.name.value, parent)
        if node.selection_set is None or field is None:
            return Cost(1)
        sizes = tuple(self._sizes(node, field))
        is_list = isinstance(get_nullable_type(field.type), GraphQLList)
        inner_type = get_named_type(field.type)
        inner = self._of(node.selection_set, inner_type, () if is_list else sizes, fragments)
        if not is_list:
            return Cost(1 + inner.fixed, inner.parts)
        is_introspected = inner_type.name.startswith("__")
        unsaid = min(self._list_size, _INTROSPECTED) if is_introspected else self._list_size
        sizes = sizes or around or (Size(unsaid),)
        if inner.parts or any(one.variable for one in sizes):
            return Cost(1, ((sizes, inner),))
        return Cost(1 + max(one.number for one in sizes) * inner.fixed)

    def _sizes(self, node: FieldNode, field: GraphQLField) -> Iterator[Size]:
        """How many items the arguments of a field ask for."""
        given = {one.name.value: one.value for one in node.arguments or ()}
        for name in SIZE_ARGUMENTS:
            if name not in field.args:
                continue
            default = _whole(coerce_default_value(field.args[name]))
            value = given.get(name)
            if value is None:
                if default is not None:
                    yield Size(default)
                continue
            unsaid = self._list_size if default is None else default
            if isinstance(value, VariableNode):
                yield Size(unsaid, value.name.value)
                continue
            number = _literal(value)
            yield Size(unsaid if number is None else number)

    def _field(self, name: str, parent: GraphQLNamedType | None) -> GraphQLField | None:
        if name == "__schema":
            return SchemaMetaFieldDef
        if name == "__type":
            return TypeMetaFieldDef
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            found: GraphQLField | None = parent.fields.get(name)
            return found
        return None


def _literal(value: Any) -> int | None:
    """How many items a value in a document is; None where it is no such number."""
    if isinstance(value, IntValueNode):
        return _whole(int(value.value))
    return _whole(float(value.value)) if isinstance(value, FloatValueNode) else None
