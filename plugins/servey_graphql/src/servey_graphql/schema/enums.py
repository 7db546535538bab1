"""Enums, and texts of which there are few, as enums of GraphQL."""

from enum import Enum, Flag
from typing import Any

from servey_graphql.schema.core_parts import LEAST, MOST
from servey_graphql.schema.descriptions import class_description
from servey_graphql.schema.names import MAX_JOINED, is_enum_value, joined
from servey_graphql.schema.registry import Registry
from servey_graphql.schema.types import EnumType, Shape


def enum_shape(owner: type[Enum], registry: Registry) -> Shape | None:
    """The type of an enum, whose values are named as its members are; None for flags.

    Raises:
        SchemaError: A member has a name that GraphQL cannot have.
    """
    if issubclass(owner, Flag):
        return None
    name, what = owner.__name__, f"the enum {owner.__module__}.{owner.__qualname__}"
    if registry.claim(name, owner, what):
        for member in owner:
            if not is_enum_value(member.name):
                raise registry.error(
                    f"{what} has the member {member.name!r}, which no enum in GraphQL can have. "
                    f"Rename it, in letters a to z, digits and underscores."
                )
        values = {member.name: member for member in owner}
        registry.types[name] = EnumType(name, values, class_description(owner))
    return Shape(f"{name}!")


def literal_shape(expected: list[Any], registry: Registry) -> Shape | None:
    """The type of a `Literal`, nullable where None is one of its values; None for mixed ones."""
    values = [value for value in expected if value is not None]
    shape = _of_literals(values, registry)
    return shape.nullable if shape and len(values) < len(expected) else shape


def _of_literals(values: list[Any], registry: Registry) -> Shape | None:
    if any(isinstance(value, Enum) for value in values):
        return None
    kinds = {type(value) for value in values}
    if kinds == {int} and all(LEAST <= value <= MOST for value in values):
        return registry.scalar("Int")
    if kinds == {bool}:
        return registry.scalar("Boolean")
    if kinds != {str}:
        return None
    name, key = joined(values), ("literal", tuple(values))
    few = len(values) > 1 and len(name) <= MAX_JOINED and len(set(values)) == len(values)
    if not few or not all(map(is_enum_value, values)) or not registry.is_free(name, key):
        return registry.scalar("String")
    if registry.claim(name, key, f"the values {', '.join(map(repr, values))} of a Literal"):
        registry.types[name] = EnumType(name, {value: value for value in values})
    return Shape(f"{name}!")
