"""What leaves: from the core schemas of results to types of GraphQL."""

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import from_json

from servey_core import File, Page
from servey_core.serialising import in_order, json_writer
from servey_graphql.schema.connections import connection_shape
from servey_graphql.schema.core_parts import (
    INSIDE,
    PLAIN,
    adapter_of,
    class_label,
    identity,
    innermost,
    int_name,
    is_file,
    may_be_null,
)
from servey_graphql.schema.enums import enum_shape, literal_shape
from servey_graphql.schema.file_type import FILE
from servey_graphql.schema.object_types import Nested, Objects
from servey_graphql.schema.registry import Registry
from servey_graphql.schema.serialisers import written_text
from servey_graphql.schema.types import Convert, Shape
from servey_graphql.schema.unions import choices_of, class_of, union_shape

_ANY = {"type": "any"}
_VIA_LIST: Any = TypeAdapter(Sequence[Any]).core_schema["serialization"]["function"]
"""What pydantic writes sequences of any kind with: as lists."""


class Outputs:
    """Finds the types of what leaves.

    Args:
        registry: The types that have been met.
        nested: Gives the fields that are actions on a class.
    """

    def __init__(self, registry: Registry, nested: Nested) -> None:
        self._registry = registry
        self._open: set[str] = set()
        self._objects = Objects(registry, self.shape, nested)
        self._makers: dict[str, Callable[[Any, str], Shape]] = {
            **dict.fromkeys(PLAIN, self._of_plain),
            **dict.fromkeys(INSIDE, self._of_wrapper),
            **dict.fromkeys(("list", "generator"), self._of_list),
            **dict.fromkeys(("set", "frozenset"), self._of_set),
            **dict.fromkeys(("model", "dataclass", "typed-dict"), self._of_object),
            **dict.fromkeys(("union", "tagged-union"), self._of_union),
            **dict.fromkeys(("url", "multi-host-url"), self._of_url),
            "chain": lambda schema, ref: self.shape(schema["steps"][-1], ref),
            "definition-ref": self._of_reference,
            "definitions": self._of_definitions,
            "enum": self._of_enum,
            "int": lambda schema, _: self._registry.scalar(int_name(schema)),
            "literal": self._of_literal,
            "none": lambda *_: self._registry.scalar("Void").nullable,
            "nullable": lambda schema, _: self.shape(schema["schema"]).nullable,
            "tuple": self._of_tuple,
        }

    def shape(self, schema: Any, ref: str = "") -> Shape:
        """The type of the values of a core schema.

        Args:
            schema: The core schema.
            ref: What the schema is referred to as, where it stands alone in what is.

        Raises:
            SchemaError: GraphQL cannot express it.
        """
        if is_file(schema):
            return self._of_file()
        if schema.get("serialization"):
            return self._of_written(schema)
        ref = schema.get("ref", ref)
        return self._makers.get(schema["type"], self._of_anything)(schema, ref)

    def _of_plain(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        return self._registry.scalar(PLAIN[schema["type"]])

    def _of_wrapper(self, schema: Any, ref: str) -> Shape:
        return self.shape(schema[INSIDE[schema["type"]]], ref)

    def _of_reference(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        name = schema["schema_ref"]
        if name in self._open:  # an alias that holds itself, without a class on the way
            return self._of_anything(schema)
        self._open.add(name)
        try:
            return self.shape(self._registry.referred(name), name)
        finally:
            self._open.remove(name)

    def _of_definitions(self, schema: Any, ref: str) -> Shape:
        self._registry.define(schema["definitions"])
        return self.shape(schema["schema"], ref)

    def _of_list(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        return self.shape(schema.get("items_schema", _ANY)).listed

    def _of_set(self, schema: Any, ref: str) -> Shape:
        listed = self._of_list(schema, ref)
        convert = listed.convert
        if convert is None:
            return Shape(listed.text, in_order)
        return Shape(listed.text, lambda members: convert(in_order(members)))

    def _of_tuple(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        items = schema["items_schema"]
        if "variadic_item_index" in schema and len(items) == 1:
            return self.shape(items[0]).listed
        return self._of_anything(schema)

    def _of_enum(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        return enum_shape(schema["cls"], self._registry) or self._of_anything(schema)

    def _of_literal(self, schema: Any, ref: str) -> Shape:  # noqa: ARG002
        return literal_shape(schema["expected"], self._registry) or self._of_anything(schema)

    def _of_file(self) -> Shape:
        if self._registry.claim("File", File, "a file"):
            self._registry.scalar("Base64")
            self._registry.types["File"] = FILE
        return Shape("File!")

    def _of_url(self, schema: Any, ref: str = "") -> Shape:  # noqa: ARG002
        return Shape(self._registry.scalar("String").text, str)

    def _of_anything(self, schema: Any, ref: str = "") -> Shape:  # noqa: ARG002
        shape = Shape(self._registry.scalar("JSON").text, self._json(schema))
        return shape.nullable if may_be_null(schema) else shape

    def _of_written(self, schema: Any) -> Shape:
        """What a serialiser of its own writes: its plain type where it says one."""
        how = schema["serialization"]
        if how.get("function") is _VIA_LIST:
            return self.shape(schema["json_schema"])
        if schema["type"] == "function-after" and schema["schema"]["type"] == "enum":
            shape = self.shape(schema["schema"])
            return Shape(shape.text, schema["schema"]["cls"])  # of a model that holds its value
        if innermost(schema)["type"] in ("url", "multi-host-url"):
            return self._of_url(schema)
        shape = Shape(written_text(how, self._registry), self._json(schema))
        skips_none = "unless-none" in how.get("when_used", "") and may_be_null(schema)
        return Shape(shape.text.removesuffix("!"), shape.convert) if skips_none else shape

    def _json(self, schema: Any) -> Convert:
        write = json_writer(adapter_of(schema, self._registry))
        return lambda value: from_json(write(value))

    def _of_union(self, schema: Any, ref: str) -> Shape:
        choices = choices_of(schema)
        if len(choices) == 1:
            return self.shape(choices[0], ref)
        classes = [class_of(choice, self._registry) for choice in choices]
        known = [one for one in classes if one is not None]
        if len(set(known)) < len(classes):
            return self._of_anything(schema)
        names = [self.shape(choice).named for choice in choices]
        return union_shape(dict(zip(known, names, strict=True)), ref, self._registry)

    def _of_object(self, schema: Any, ref: str) -> Shape:
        if schema.get("root_model"):
            return _of_root(self.shape(schema["schema"]))
        if schema.get("cls") is Page:
            return connection_shape(self._page_item(schema), self._registry)
        name, key = identity(schema, ref)
        if self._registry.claim(name, key, class_label(schema)):
            self._registry.make_later(name, lambda: self._objects.make(name, schema))
        return Shape(f"{name}!")

    def _page_item(self, schema: Any) -> Shape:
        items = next(part for part in schema["schema"]["fields"] if part["name"] == "items")
        while items["type"] in INSIDE:
            items = items[INSIDE[items["type"]]]
        return self.shape(items.get("items_schema", _ANY))


def _of_root(shape: Shape) -> Shape:
    inner = shape.convert
    if inner is None:
        return Shape(shape.text, lambda value: value.root)
    return Shape(shape.text, lambda value: inner(value.root))
