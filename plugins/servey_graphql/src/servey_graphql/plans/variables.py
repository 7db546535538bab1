"""The variables of an operation: graphql-core coerces them, save where it would change nothing."""

from collections.abc import Callable, Sequence
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLInputType,
    GraphQLInt,
    GraphQLSchema,
    GraphQLString,
    VariableDefinitionNode,
    is_non_null_type,
)
from graphql.execution import get_variable_values
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

MAX_ERRORS = 50
"""How many errors of variables are told, as graphql-core has it."""

Coerce = Callable[[dict[str, Any]], VariableValues | list[GraphQLError]]
"""Makes of variables as JSON has them what fields take, or tells what is wrong with them."""


def coercer(
    schema: GraphQLSchema,
    definitions: Sequence[VariableDefinitionNode],
    *,
    hide_suggestions: bool,
) -> Coerce:
    """Make what coerces the variables of an operation.

    Args:
        schema: The schema.
        definitions: The operation's variables, which are of input types.
        hide_suggestions: Whether errors keep names of the schema to themselves.
    """
    known = []
    for definition in definitions:
        signature = get_variable_signature(schema, definition)
        assert not isinstance(signature, GraphQLError)  # noqa: S101 - the document is valid
        known.append((signature.name, signature, _stays(signature.type)))

    def coerce(given: dict[str, Any]) -> VariableValues | list[GraphQLError]:
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, signature, stays in known:
            value = given.get(name)
            if not stays(value):
                return get_variable_values(
                    schema,
                    definitions,
                    given,
                    max_errors=MAX_ERRORS,
                    hide_suggestions=hide_suggestions,
                )
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = value
        return VariableValues(sources, coerced)

    return coerce


def _stays(value_type: GraphQLInputType) -> Callable[[Any], bool]:
    """What tells of a value that coercion would leave it as it is."""
    nullable = value_type.of_type if is_non_null_type(value_type) else value_type
    if nullable is GraphQLString:
        return lambda value: type(value) is str
    if nullable is GraphQLInt:
        return lambda value: type(value) is int and -(2**31) <= value < 2**31
    if nullable is GraphQLBoolean:
        return lambda value: type(value) is bool
    return lambda _: False
