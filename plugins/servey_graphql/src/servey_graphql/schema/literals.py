"""JSON values as GraphQL writes them in a document (spec, section 2.9)."""

import json
from collections.abc import Mapping
from typing import Any

from servey_graphql.schema.names import is_name
from servey_graphql.schema.types import EnumType, InputType, NamedType


def literal(value: Any, type_text: str, types: Mapping[str, NamedType]) -> str:
    """Write a value.

    Args:
        value: The value, as JSON has it.
        type_text: Its type, as SDL writes it.
        types: The types of the schema.

    Raises:
        ValueError: A document cannot hold it, or it is not of the type.
    """
    text = type_text.removesuffix("!")
    if value is None:
        return "null"
    if text.startswith("["):
        items = value if isinstance(value, list) else [value]
        return f"[{', '.join(literal(item, text[1:-1], types) for item in items)}]"
    kind = types.get(text)
    if isinstance(kind, EnumType):
        return _enum_value(value, kind)
    if isinstance(kind, InputType):
        return _object(value, kind, types)
    return _untyped(value)


def _enum_value(value: Any, kind: EnumType) -> str:
    for name, member in kind.values.items():
        if value == getattr(member, "value", member):
            return name
    raise ValueError(f"{kind.name} has no value {value!r}.")


def _object(value: Any, kind: InputType, types: Mapping[str, NamedType]) -> str:
    if not isinstance(value, dict):
        raise ValueError(f"{kind.name} is an object.")  # noqa: TRY004 - it is data, not code
    fields = {one.json_name: one for one in kind.fields}
    if not fields.keys() >= value.keys():
        raise ValueError(f"{kind.name} has no such field.")
    return _members(
        (fields[name].name, literal(part, fields[name].type, types)) for name, part in value.items()
    )


def _untyped(value: Any) -> str:
    if isinstance(value, dict):
        if not all(map(is_name, value)):
            raise ValueError("A name in it is none in GraphQL.")
        return _members((name, _untyped(part)) for name, part in value.items())
    if isinstance(value, list):
        return f"[{', '.join(map(_untyped, value))}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _members(members: Any) -> str:
    return "{" + ", ".join(f"{name}: {text}" for name, text in members) + "}"
