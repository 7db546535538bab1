"""Leaves in generated functions: the expression that takes what is usual, and refuses what is not.

What is usual is of the very type that JSON has, and shown as it is. Anything else goes through the
scalar's or enum's own coercion; what that cannot take is a surprise, and completed with care.
"""

from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)
from graphql.pyutils import Undefined, is_awaitable
from graphql.type import GRAPHQL_MAX_INT, GRAPHQL_MIN_INT

USUAL = {
    GraphQLInt: f"type({{0}}) is int and {GRAPHQL_MIN_INT} <= {{0}} <= {GRAPHQL_MAX_INT}",
    GraphQLFloat: "type({0}) is float and -1.7976931348623157e308 <= {0} <= 1.7976931348623157e308",
    GraphQLString: "type({0}) is str",
    GraphQLID: "type({0}) is str",
    GraphQLBoolean: "type({0}) is bool",
}
"""For each of the specification's scalars, whether the value `{0}` is shown as it is."""

IS_USUAL: dict[object, Callable[[Any], bool]] = {
    leaf_type: eval("lambda v: " + test.format("v"))  # noqa: S307
    for leaf_type, test in USUAL.items()
}
"""The same, as functions."""


class SurpriseError(Exception):
    """A value is not what generated functions take."""


def strictly(leaf_type: GraphQLLeafType) -> Callable[[Any], Any]:
    """The coercion of a leaf type, which refuses all that is not plainly a value of it.

    The function raises `SurpriseError`, or what the coercion raises.
    """
    coerce = leaf_type.coerce_output_value

    def coerced(value: Any) -> Any:
        if value is None or isinstance(value, Exception) or is_awaitable(value):
            raise SurpriseError
        shown = coerce(value)
        if shown is None or shown is Undefined:
            raise SurpriseError
        return shown

    return coerced


def names_of(enum_type: GraphQLEnumType) -> dict[Any, Any]:
    """What an enum shows for each of its values, without those that cannot be keys."""
    names: dict[Any, Any] = {}
    for value in enum_type.values.values():
        try:
            names[value.value] = enum_type.coerce_output_value(value.value)
        except (TypeError, GraphQLError):
            continue
    names.pop(None, None)
    return names
