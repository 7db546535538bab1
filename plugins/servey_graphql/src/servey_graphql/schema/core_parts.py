"""What is read of pydantic's core schemas, whichever way values go."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import CoreSchema, SchemaSerializer, SchemaValidator, core_schema

from servey_core import File
from servey_core.core_schemas import schema_parts
from servey_graphql.schema.names import type_name
from servey_graphql.schema.registry import Registry

PLAIN: Mapping[str, str] = {
    "bool": "Boolean",
    "bytes": "Base64",
    "date": "Date",
    "datetime": "DateTime",
    "decimal": "Decimal",
    "float": "Float",
    "str": "String",
    "time": "Time",
    "timedelta": "Duration",
    "uuid": "UUID",
}
"""The scalars of core schemas that have one, by their types."""

INSIDE: Mapping[str, str] = {
    "custom-error": "schema",
    "dataclass-field": "schema",
    "default": "schema",
    "function-after": "schema",
    "function-before": "schema",
    "function-wrap": "schema",
    "json-or-python": "json_schema",
    "lax-or-strict": "strict_schema",
    "model-field": "schema",
    "typed-dict-field": "schema",
}
"""Where schemas that only wrap another hold it."""

LEAST, MOST = -(2**31), 2**31 - 1
"""The bounds of `Int` (spec, section 3.5.1)."""


def int_name(schema: Mapping[str, Any]) -> str:
    """The scalar of integers: `BigInt` where their bounds are beyond those of `Int`."""
    bounds = [schema[name] for name in ("ge", "gt", "le", "lt") if name in schema]
    return "Int" if all(LEAST - 1 <= bound <= MOST + 1 for bound in bounds) else "BigInt"


def innermost(schema: Any) -> Any:
    """What is inside of all that only wraps it."""
    while schema["type"] in INSIDE:
        schema = schema[INSIDE[schema["type"]]]
    return schema


def may_be_null(schema: Any) -> bool:
    """Whether None is among the values of a schema, or may be."""
    return innermost(schema)["type"] in ("any", "function-plain", "json", "nullable")


def is_file(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is that of files."""
    return schema["type"] == "json-or-python" and _bare(schema) == _FILE


def holds_file(annotation: Any) -> bool:
    """Whether a file may be in a value of a type."""
    return any(map(is_file, schema_parts(TypeAdapter(annotation).core_schema)))


def _bare(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: part for key, part in schema.items() if key != "metadata"}


_FILE = _bare(TypeAdapter(File).core_schema)


def adapter_of(schema: Any, registry: Registry) -> TypeAdapter[Any]:
    """What checks and writes values of a part of a schema.

    It is made of the part as it is: where pydantic is given one, it changes what it refers to.
    """
    needed = list(_referred(schema, registry))
    whole: CoreSchema = core_schema.definitions_schema(schema, needed) if needed else schema
    adapter: TypeAdapter[Any] = TypeAdapter(Any)
    adapter.core_schema = whole
    adapter.serializer = SchemaSerializer(whole)
    adapter.validator = SchemaValidator(whole)
    return adapter


def _referred(schema: Any, registry: Registry) -> Iterator[Any]:
    """The schemas that a part refers to, and those that they refer to."""
    seen: set[str] = set()
    pending = [schema]
    while pending:
        for part in schema_parts(pending.pop()):
            ref = str(part.get("schema_ref"))
            if part["type"] == "definition-ref" and ref not in seen:
                seen.add(ref)
                pending.append(registry.referred(ref))
                yield registry.referred(ref)


def identity(schema: Any, ref: str) -> tuple[str, Hashable]:
    """The name of a class, and what tells it from all others: a generic is one for each argument.

    Args:
        schema: The core schema of the class.
        ref: What it is referred to as.
    """
    owner = schema.get("cls")
    if owner is None:
        return type_name(ref), ref
    if "[" in owner.__name__:  # a generic model: pydantic makes a class of each
        return type_name(owner.__name__), owner
    if "[" in ref:
        return type_name(ref), ref
    return owner.__name__, owner


def class_label(schema: Any) -> str:
    """A class, as error messages call it."""
    owner = schema.get("cls")
    return f"the class {owner.__module__}.{owner.__qualname__}" if owner else "a TypedDict"


def fields_of(schema: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What holds the fields of a class, and the fields by their names."""
    holder = schema
    while "fields" not in holder or holder["type"] == "dataclass":
        holder = holder["schema"]
    fields = holder["fields"]
    return holder, fields if isinstance(fields, dict) else {one["name"]: one for one in fields}
