"""What of an operation a plan covers; graphql-core's executor takes the rest."""

from collections.abc import Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

from servey_graphql.plans.selections import condition

MOST_CONDITIONS = 4
"""How many variables `@skip` and `@include` may ask: each doubles what there is to compile."""
OTHER_WAYS = {"defer", "stream", "experimental_disableErrorPropagation"}
"""Directives that change how an operation is executed."""


class NotCoveredError(Exception):
    """Something of an operation is not for plans."""


def condition_variables(
    operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> tuple[str, ...]:
    """The variables that `@skip` and `@include` ask, sorted.

    Raises:
        NotCoveredError: Introspection, too many of these variables, or a feature
            that is not of the specification of September 2025.
    """
    _refuse_other_ways(operation)
    variables: set[str] = set()
    visited: set[str] = set()
    rest: list[SelectionSetNode] = [operation.selection_set]
    while rest:
        for node in rest.pop().selections:
            _refuse_other_ways(node)
            asked = (condition(node, name) for name in ("skip", "include"))
            variables.update(name for name in asked if isinstance(name, str))
            below = _below(node, fragments, visited)
            if below is not None:
                rest.append(below)
    if len(variables) > MOST_CONDITIONS:
        raise NotCoveredError("@skip, @include")
    return tuple(sorted(variables))


def _below(
    node: SelectionNode, fragments: Mapping[str, FragmentDefinitionNode], visited: set[str]
) -> SelectionSetNode | None:
    if isinstance(node, FieldNode):
        if node.name.value.startswith("__") and node.name.value != "__typename":
            raise NotCoveredError(node.name.value)
        return node.selection_set
    if not isinstance(node, FragmentSpreadNode):
        return getattr(node, "selection_set", None)
    fragment = fragments.get(node.name.value)
    if fragment is None or node.name.value in visited:
        return None
    if fragment.variable_definitions:
        raise NotCoveredError("variables of a fragment")
    visited.add(node.name.value)
    return fragment.selection_set


def _refuse_other_ways(node: OperationDefinitionNode | SelectionNode) -> None:
    for directive in node.directives or ():
        if directive.name.value in OTHER_WAYS:
            raise NotCoveredError(f"@{directive.name.value}")
