"""Classes as types of objects: their fields, and the actions that are methods of them."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from servey_graphql.resolvers import Attribute
from servey_graphql.schema.core_parts import adapter_of, class_label, fields_of
from servey_graphql.schema.descriptions import (
    class_description,
    field_description,
    field_descriptions,
)
from servey_graphql.schema.names import camel_case, is_name
from servey_graphql.schema.registry import Registry
from servey_graphql.schema.serialisers import parents_serialiser, written_by_parent, written_text
from servey_graphql.schema.types import ObjectType, OutputField, Resolver, Shape

Nested = Callable[[type], Iterable[OutputField]]


class Objects:
    """Makes types of objects.

    Args:
        registry: The types that have been met.
        shape: Finds the type of what leaves.
        nested: Gives the fields that are actions on a class.
    """

    def __init__(self, registry: Registry, shape: Callable[[Any], Shape], nested: Nested) -> None:
        self._registry = registry
        self._shape = shape
        self._nested = nested

    def make(self, name: str, schema: Any) -> ObjectType:
        """Make the type of a class.

        Args:
            name: Its name.
            schema: The core schema of the class.

        Raises:
            SchemaError: GraphQL cannot express it.
        """
        is_key = schema["type"] == "typed-dict"
        owner = schema.get("cls")
        nested = [] if is_key or owner is None else self._nested(owner)
        fields = (*self._own_fields(schema, is_key=is_key), *nested)
        self._check(class_label(schema), fields)
        told_by = None if is_key or owner is None else _made_of(owner)
        return ObjectType(name, fields, class_description(owner), told_by)

    def _check(self, label: str, fields: Iterable[OutputField]) -> None:
        names = [field.name for field in fields]
        if not names:
            raise self._registry.error(
                f"{label} has no fields, and an object in GraphQL has one at least. "
                f"Give it one, or return something else."
            )
        check_names(names, label, self._registry)

    def _own_fields(self, schema: Any, *, is_key: bool) -> Iterator[OutputField]:
        fields, parts = fields_of(schema)
        told = field_descriptions(schema.get("cls"))
        for name, part in parts.items():
            if part.get("init_only") or part.get("serialization_exclude"):
                continue
            text, resolver = self._read(name, part["schema"], schema, is_key=is_key)
            if hides := part.get("serialization_exclude_if"):
                resolver = _unless(hides, name, resolver)
            if hides or (is_key and not part.get("required", True)):
                text = text.removesuffix("!")
            field_name = camel_case(part.get("serialization_alias", name))
            description = field_description(part) or told.get(name, "")
            yield OutputField(field_name, text, resolver, description=description)
        for part in fields.get("computed_fields") or ():
            name = part["property_name"]
            text, resolver = self._read(name, part["return_schema"], schema, is_key=False)
            description = field_description(part) or told.get(name, "")
            yield OutputField(
                camel_case(part.get("alias", name)), text, resolver, description=description
            )

    def _read(self, name: str, part: Any, schema: Any, *, is_key: bool) -> tuple[str, Resolver]:
        """The type of a field, and what reads it."""
        if (serialiser := parents_serialiser(part, schema)) is not None:
            resolver = written_by_parent(adapter_of(schema, self._registry), name)
            return written_text(serialiser, self._registry), resolver
        shape = self._shape(part)
        return shape.text, Attribute(name, is_key=is_key, convert=shape.convert)


def _unless(hides: Callable[[Any], bool], name: str, resolver: Resolver) -> Resolver:
    """A field that its class hides at times: it is null then."""
    if not isinstance(resolver, Attribute):
        return resolver  # the whole object heeds it
    convert = resolver.convert

    def converted(value: Any) -> Any:
        if hides(value):
            return None
        return value if convert is None else convert(value)

    return Attribute(name, is_key=resolver.is_key, convert=converted)


def _made_of(owner: type) -> type:
    """The class that actions make values of: of a generic model, it may be the generic itself."""
    made: type | None = getattr(owner, "__pydantic_generic_metadata__", {}).get("origin")
    return made or owner


def check_names(names: Iterable[str], label: str, registry: Registry) -> None:
    """Hold that names of fields or arguments are such, and each is there once.

    Args:
        names: The names.
        label: What they belong to.
        registry: Knows whose types are being looked at.

    Raises:
        SchemaError: One is no name, or there twice.
    """
    seen: set[str] = set()
    for name in names:
        check_name(name, seen, label, registry)


def check_name(name: str, seen: set[str], label: str, registry: Registry) -> None:
    """Hold that a name of a field or an argument is one, and its alone.

    Args:
        name: The name.
        seen: The names that others have; this one is added.
        label: What it belongs to.
        registry: Knows whose types are being looked at.

    Raises:
        SchemaError: It is no name, or another has it.
    """
    if not is_name(name):
        raise registry.error(
            f"{label} has {name!r}, which is no name in GraphQL: those have the letters a to z, "
            f"digits and underscores alone, and begin with no digit and no two underscores. "
            f"Rename it, or give it an alias."
        )
    if name in seen:
        raise registry.error(f"{label} has {name!r} twice in GraphQL. Rename one of the two.")
    seen.add(name)
