"""The arguments of a field's calls, each with its own, whatever the call before did to its."""

from typing import TYPE_CHECKING, Any

from graphql import FieldNode, GraphQLField, ListValueNode, ObjectValueNode, ValueNode, VariableNode
from graphql.execution.values import get_argument_values

if TYPE_CHECKING:
    from collections.abc import Callable

    from servey_graphql.plans.executing import Execution
    from servey_graphql.plans.slots import Field


def arguments_for(
    field: "Field", definition: GraphQLField, *, hide_suggestions: bool
) -> "Callable[[Execution], dict[str, Any]] | None":
    """What gives the arguments of one call; None where there are none.

    Raises:
        GraphQLError: Arguments without variables are not what the field takes.
    """
    node = field.nodes[0]
    if not definition.args:
        return None
    if any(_has_variable(argument.value) for argument in node.arguments or ()):
        return _of_variables(field, definition, hide_suggestions=hide_suggestions)
    constant = get_argument_values(definition, node, hide_suggestions=hide_suggestions)
    if not constant:
        return None

    def of_constant(execution: "Execution") -> dict[str, Any]:  # noqa: ARG001
        return {name: _own(value) for name, value in constant.items()}

    return of_constant


def _of_variables(
    field: "Field", definition: GraphQLField, *, hide_suggestions: bool
) -> "Callable[[Execution], dict[str, Any]]":
    node = field.nodes[0]
    bare = _bare_variables(node, definition)

    def of_any(execution: "Execution") -> dict[str, Any]:
        known = execution.arguments.get(field)
        if known is None:
            known = execution.arguments[field] = get_argument_values(
                definition, node, execution.variables, hide_suggestions=hide_suggestions
            )
        return {name: _own(value) for name, value in known.items()}

    def of_bare(execution: "Execution") -> dict[str, Any]:
        coerced = execution.variables.coerced
        found = {name: _own(coerced.get(variable)) for name, variable in bare}
        return of_any(execution) if None in found.values() else found

    return of_bare if bare else of_any


def _bare_variables(node: FieldNode, definition: GraphQLField) -> list[tuple[str, str]]:
    """The arguments by the variables that they are; none unless each is there, and a variable.

    Such a variable is of the argument's type, and so its value is the argument's, save null.
    """
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    variables = [
        (taken.out_name or name, value.name.value)
        for name, taken in definition.args.items()
        if isinstance(value := given.get(name), VariableNode)
    ]
    return variables if len(variables) == len(definition.args) else []


def _own(value: Any) -> Any:
    """The value, with containers of its own."""
    if type(value) is dict:
        return {key: _own(each) for key, each in value.items()}
    if type(value) is list:
        return [_own(each) for each in value]
    return value


def _has_variable(node: ValueNode) -> bool:
    if isinstance(node, ListValueNode):
        return any(_has_variable(each) for each in node.values)
    if isinstance(node, ObjectValueNode):
        return any(_has_variable(each.value) for each in node.fields)
    return isinstance(node, VariableNode)
