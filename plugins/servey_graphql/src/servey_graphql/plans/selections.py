"""Which fields an operation selects of an object type, in the order of the response.

This is "Field Collection" of the GraphQL specification (6.3.2), for given values of the variables
that `@skip` and `@include` ask.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
    type_from_ast,
)


@dataclass(frozen=True)
class Document:
    """What collecting fields goes by.

    Attributes:
        schema: The schema.
        fragments: The document's fragments by name.
        conditions: The values of the variables that `@skip` and `@include` ask.
    """

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    conditions: Mapping[str, bool]


@dataclass
class _Collected:
    document: Document
    object_type: GraphQLObjectType
    fields: dict[str, list[FieldNode]] = field(default_factory=dict)
    visited: set[str] = field(default_factory=set)


def selected_fields(
    document: Document,
    object_type: GraphQLObjectType,
    selection_sets: Iterable[SelectionSetNode | None],
) -> dict[str, list[FieldNode]]:
    """The fields by response name, each with all the places that select it."""
    collected = _Collected(document, object_type)
    for selection_set in selection_sets:
        if selection_set is not None:
            _collect(collected, selection_set)
    return collected.fields


def condition(node: SelectionNode, directive: str) -> bool | str | None:
    """What a directive asks: a fixed value, the name of a variable, or None without it."""
    for each in node.directives or ():
        if each.name.value != directive:
            continue
        for argument in each.arguments or ():
            if isinstance(argument.value, VariableNode):
                return argument.value.name.value
            if isinstance(argument.value, BooleanValueNode):
                return argument.value.value
    return None


def _collect(collected: _Collected, selection_set: SelectionSetNode) -> None:
    for node in selection_set.selections:
        if not _is_included(node, collected.document.conditions):
            continue
        if isinstance(node, FieldNode):
            key = node.alias.value if node.alias else node.name.value
            collected.fields.setdefault(key, []).append(node)
        elif isinstance(node, InlineFragmentNode):
            if _applies(node, collected):
                _collect(collected, node.selection_set)
        elif isinstance(node, FragmentSpreadNode):
            _collect_spread(collected, node.name.value)


def _collect_spread(collected: _Collected, name: str) -> None:
    fragment = collected.document.fragments.get(name)
    if name in collected.visited or fragment is None or not _applies(fragment, collected):
        return
    collected.visited.add(name)
    _collect(collected, fragment.selection_set)


def _is_included(node: SelectionNode, conditions: Mapping[str, bool]) -> bool:
    if not node.directives:
        return True
    skip, include = (_value(condition(node, name), conditions) for name in ("skip", "include"))
    return skip is not True and include is not False


def _value(asked: bool | str | None, conditions: Mapping[str, bool]) -> bool | None:  # noqa: FBT001
    return conditions[asked] if isinstance(asked, str) else asked


def _applies(fragment: FragmentDefinitionNode | InlineFragmentNode, collected: _Collected) -> bool:
    if fragment.type_condition is None:
        return True
    wanted: Any = type_from_ast(collected.document.schema, fragment.type_condition)
    if wanted is collected.object_type:
        return True
    if not is_abstract_type(wanted):
        return False
    abstract: GraphQLAbstractType = wanted
    return collected.document.schema.is_sub_type(abstract, collected.object_type)
