"""What is written by serialisers of a class's own, rather than by the rules for its type."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import TypeAdapter

from servey_core.core_schemas import schema_parts
from servey_graphql.contexts import OperationContext
from servey_graphql.resolvers import ActionField, Arguments
from servey_graphql.schema.core_parts import INSIDE, int_name, may_be_null
from servey_graphql.schema.registry import Registry

_ANY = {"type": "any"}
_PLAIN_TEXTS = {"bool": "Boolean!", "float": "Float!", "str": "String!"}
_TOLD_BY = {
    "ser_json_bytes": {"bytes"},
    "ser_json_inf_nan": {"float"},
    "ser_json_temporal": {"date", "datetime", "time", "timedelta"},
    "ser_json_timedelta": {"timedelta"},
}
"""The settings of classes that say how values are written, and of which types those are."""


def written_text(serialiser: Mapping[str, Any], registry: Registry) -> str:
    """The type of what a serialiser writes: JSON, unless it says that it is plainer than that.

    Args:
        serialiser: The serialiser, as core schemas have it.
        registry: The types that have been met.
    """
    if serialiser["type"] in ("format", "to-string"):
        return "String!"
    returned = serialiser.get("return_schema", _ANY)
    if (text := _plain_text(returned)) is not None:
        return text
    shape = registry.scalar("JSON")
    return (shape.nullable if may_be_null(returned) else shape).text


def parents_serialiser(part: Any, owner: Any) -> Mapping[str, Any] | None:
    """The serialiser of a field that only the whole object can run; None where there is none.

    Args:
        part: The core schema of the field.
        owner: That of the class.
    """
    for serialiser in _serialisers(part):
        if serialiser.get("is_field_serializer"):
            return serialiser
    config = owner.get("config") or {}
    told = set().union(*(_TOLD_BY[name] for name in config.keys() & _TOLD_BY.keys()))
    is_told = any(inner["type"] in told for inner in schema_parts(part))
    return {"type": "function-plain"} if is_told else None


def written_by_parent(adapter: TypeAdapter[Any], name: str) -> ActionField:
    """A field that the whole object writes.

    Args:
        adapter: What writes the object.
        name: The field.
    """
    to_python = adapter.serializer.to_python

    def now(parent: Any, arguments: Arguments, context: OperationContext) -> Any:  # noqa: ARG001
        written = to_python(parent, mode="json", include={name}, by_alias=True, warnings="error")
        return next(iter(written.values()), None)

    async def start(parent: Any, arguments: Arguments, context: OperationContext) -> Any:
        return now(parent, arguments, context)

    return ActionField(start, now)


def _serialisers(schema: Any) -> Iterator[Mapping[str, Any]]:
    """The serialisers of a field's own, the outermost first."""
    while True:
        if serialiser := schema.get("serialization"):
            yield serialiser
        if schema["type"] not in INSIDE and schema["type"] != "nullable":
            return
        schema = schema[INSIDE.get(schema["type"], "schema")]


def _plain_text(schema: Any) -> str | None:
    """The type of what JSON has as it is; None for other types, of which JSON has some form."""
    if schema["type"] == "nullable":
        inner = _plain_text(schema["schema"])
        return inner and inner.removesuffix("!")
    if schema["type"] == "list":
        inner = _plain_text(schema.get("items_schema", _ANY))
        return inner and f"[{inner}]!"
    if schema["type"] == "int":
        return None if int_name(schema) == "BigInt" else "Int!"
    return _PLAIN_TEXTS.get(schema["type"])
