"""What comes in: from the core schemas of parameters to types of GraphQL."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, from_json

from servey_core import Signature
from servey_core.core_schemas import schema_parts
from servey_graphql.schema.core_parts import (
    INSIDE,
    PLAIN,
    adapter_of,
    class_label,
    fields_of,
    identity,
    int_name,
    is_file,
)
from servey_graphql.schema.descriptions import (
    class_description,
    field_description,
    field_descriptions,
)
from servey_graphql.schema.enums import enum_shape, literal_shape
from servey_graphql.schema.names import camel_case
from servey_graphql.schema.object_types import check_names
from servey_graphql.schema.registry import Registry
from servey_graphql.schema.types import MISSING, InputType, InputValue, Shape

_ANY = {"type": "any"}


class Inputs:
    """Finds the types of what comes in.

    Args:
        registry: The types that have been met.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._open: set[str] = set()
        self._makers: dict[str, Callable[[Any, str], Shape]] = {
            **{kind: self._scalar(name) for kind, name in PLAIN.items()},
            **dict.fromkeys(INSIDE, lambda schema, ref: self.shape(_inner(schema), ref)),
            **dict.fromkeys(("url", "multi-host-url"), self._scalar("String")),
            **dict.fromkeys(("list", "set", "frozenset", "generator"), self._of_list),
            **dict.fromkeys(("model", "dataclass", "typed-dict"), self._of_object),
            "chain": lambda schema, ref: self.shape(schema["steps"][0], ref),
            "definition-ref": self._of_reference,
            "definitions": self._of_definitions,
            "enum": lambda schema, _: enum_shape(schema["cls"], registry) or self._anything(),
            "int": lambda schema, _: registry.scalar(int_name(schema)),
            "literal": self._of_literal,
            "none": lambda *_: registry.scalar("Void").nullable,
            "nullable": lambda schema, _: self.shape(schema["schema"]).nullable,
            "tuple": self._of_tuple,
        }
        for kind in ("any", "function-plain", "json"):
            self._makers[kind] = lambda *_: self._anything().nullable

    def arguments(self, signature: Signature) -> tuple[InputValue, ...]:
        """What the field of an action takes.

        Args:
            signature: The signature, with those parameters alone that callers give.

        Raises:
            SchemaError: GraphQL cannot express a parameter.
        """
        schema = self._without_definitions(signature.arguments_adapter.core_schema)
        found = []
        for name, part in fields_of(schema)[1].items():
            parameter = signature.parameters[name]
            text = self.shape(part["schema"]).text
            default = MISSING
            if not parameter.required:
                default = self._in_json(parameter.default, part["schema"])
            found.append(_value(name, text, default, parameter.description, parameter.required))
        return tuple(found)

    def shape(self, schema: Any, ref: str = "") -> Shape:
        """The type of what is read by a core schema.

        Args:
            schema: The core schema.
            ref: What the schema is referred to as, where it stands alone in what is.

        Raises:
            SchemaError: GraphQL cannot express it.
        """
        if is_file(schema):
            return self._registry.scalar("Upload")
        make = self._makers.get(schema["type"])
        return make(schema, schema.get("ref", ref)) if make else self._anything()

    def _anything(self) -> Shape:
        return self._registry.scalar("JSON")

    def _scalar(self, name: str) -> Callable[[Any, str], Shape]:
        return lambda *_: self._registry.scalar(name)

    def _of_list(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        return self.shape(schema.get("items_schema", _ANY)).listed

    def _of_tuple(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        items = schema["items_schema"]
        if "variadic_item_index" in schema and len(items) == 1:
            return self.shape(items[0]).listed
        return self._anything()

    def _of_literal(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        return literal_shape(schema["expected"], self._registry) or self._anything()

    def _of_reference(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        name = schema["schema_ref"]
        if name in self._open:  # an alias that holds itself, without a class on the way
            return self._anything()
        self._open.add(name)
        try:
            return self.shape(self._registry.referred(name), name)
        finally:
            self._open.remove(name)

    def _of_definitions(self, schema: Any, ref: str) -> Shape:
        return self.shape(self._without_definitions(schema), ref)

    def _without_definitions(self, schema: Any) -> Any:
        if schema["type"] != "definitions":
            return schema
        self._registry.define(schema["definitions"])
        return schema["schema"]

    def _of_object(self, schema: Any, ref: str) -> Shape:
        if schema.get("root_model"):
            return self.shape(schema["schema"])
        if not all(_json_name(part, name) for name, part in _taken(schema)):
            return self._anything()
        name, key = identity(schema, ref)
        if not name.endswith("Input"):
            name += "Input"
        if self._registry.claim(name, ("input", key), f"the input of {class_label(schema)}"):
            self._registry.make_later(name, lambda: self._make_object(name, schema))
        return Shape(f"{name}!")

    def _make_object(self, name: str, schema: Any) -> InputType:
        label = class_label(schema)
        fields = tuple(self._fields(schema))
        if not fields:
            raise self._registry.error(
                f"{label} has no fields, and an input object in GraphQL has one at least. "
                f"Give it one, or do without it."
            )
        check_names([field.name for field in fields], label, self._registry)
        return InputType(name, fields, class_description(schema.get("cls")))

    def _fields(self, schema: Any) -> Iterator[InputValue]:
        told = field_descriptions(schema.get("cls"))
        for name, part in _taken(schema):
            inner, default = part["schema"], MISSING
            required = part.get("required", True) and inner["type"] != "default"
            if inner["type"] == "default" and "default" in inner:
                default = self._in_json(inner["default"], inner)
            yield _value(
                _json_name(part, name) or name,
                self.shape(inner).text,
                default,
                field_description(part) or told.get(name, ""),
                required,
            )

    def _in_json(self, default: Any, schema: Any) -> Any:
        """A default as JSON, where reading that gives the default; else `MISSING`."""
        has_bytes = any(part["type"] == "bytes" for part in schema_parts(schema))
        if default is None or has_bytes:  # whose encoding is not pydantic's
            return MISSING
        adapter = adapter_of(schema, self._registry)
        try:
            text = adapter.dump_json(default, by_alias=True, warnings="error")
            same = adapter.validate_json(text, strict=True) == default
        except (PydanticSerializationError, ValidationError):
            return MISSING
        return from_json(text) if same else MISSING


def _value(json_name: str, text: str, default: Any, description: str, required: bool) -> InputValue:  # noqa: FBT001
    if not required and default is MISSING:
        text = text.removesuffix("!")
    if required and not text.endswith("!"):
        default = None
    return InputValue(camel_case(json_name), json_name, text, default, description)


def _inner(schema: Any) -> Any:
    return schema[INSIDE[schema["type"]]]


def _taken(schema: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The fields of a class that are given when one is made."""
    for name, part in fields_of(schema)[1].items():
        if part.get("init", True):
            yield name, part


def _json_name(part: Mapping[str, Any], name: str) -> str | None:
    """The member that a field is read from; None where it is no member of the object itself."""
    alias = part.get("validation_alias", name)
    if isinstance(alias, str):
        return alias
    paths = [path if isinstance(path, list) else [path] for path in alias]
    return next((path[0] for path in paths if len(path) == 1 and isinstance(path[0], str)), None)
