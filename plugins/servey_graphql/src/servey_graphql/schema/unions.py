"""Unions of classes, as unions of GraphQL (spec, section 3.8)."""

from collections.abc import Iterator, Mapping
from typing import Any

from servey_core import File, Page
from servey_graphql.schema.core_parts import INSIDE, is_file
from servey_graphql.schema.names import joined, type_name
from servey_graphql.schema.registry import Registry
from servey_graphql.schema.types import Shape, UnionType


def choices_of(schema: Any) -> list[Any]:
    """The members of a union, and those of unions among them; each once.

    Args:
        schema: The core schema of the union.
    """
    found = {id(choice): choice for choice in _choices(schema)}
    return list(found.values())


def class_of(schema: Any, registry: Registry) -> type | None:
    """The class whose instances are objects of one type; None where there is none.

    Args:
        schema: The core schema of a member of a union.
        registry: Knows what it refers to.
    """
    if is_file(schema):
        return File
    if schema.get("serialization"):
        return None
    if schema["type"] == "definition-ref":
        return class_of(registry.referred(schema["schema_ref"]), registry)
    if schema["type"] in INSIDE:
        return class_of(schema[INSIDE[schema["type"]]], registry)
    is_class = schema["type"] in ("model", "dataclass") and not schema.get("root_model")
    return schema["cls"] if is_class and schema["cls"] is not Page else None


def union_shape(members: Mapping[type, str], ref: str, registry: Registry) -> Shape:
    """The type of what is an object of one of several types.

    Args:
        members: The names of the types, by their classes.
        ref: What the union is referred to as, where it has a name of its own.
        registry: The types that have been met.

    Raises:
        SchemaError: Another type has its name.
    """
    names = tuple(members.values())
    key = ("union", names)
    name = type_name(ref) if ref else joined(names)
    if not ref and not registry.is_free(name, key):  # as where a Literal is named alike
        name += "Union"
    if registry.claim(name, key, f"the union of {' and '.join(names)}"):
        registry.types[name] = UnionType(name, members)
    return Shape(f"{name}!")


def _choices(schema: Any) -> Iterator[Any]:
    choices = schema["choices"]
    for choice in choices.values() if isinstance(choices, dict) else choices:
        one = choice[0] if isinstance(choice, tuple) else choice
        if one["type"] in ("union", "tagged-union") and not one.get("serialization"):
            yield from _choices(one)
        else:
            yield one
