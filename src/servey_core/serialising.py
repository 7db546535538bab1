"""Results as JSON that is the same on every host: moments have a zone, sets have an order.

pydantic writes a naive `datetime` without a zone, and a set in the order of its hashes. Both are
put right in the schema that the serialiser is built from. A naive moment is local time, as it is
to the standard library. Nor does pydantic look whether a value is one of a `Literal`, except where
that is a member of a union; so it is made one. Bytes are base64, as they are in input.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError, SchemaSerializer, core_schema

from servey_core.base64s import writing_base64
from servey_core.core_schemas import changed_schema
from servey_core.nulls import null_finder

_PLAIN: dict[str, type] = {
    "bool": bool,
    "date": date,
    "datetime": datetime,
    "decimal": Decimal,
    "float": float,
    "int": int,
    "none": type(None),
    "str": str,
    "time": time,
    "timedelta": timedelta,
    "uuid": UUID,
}
"""Types of which the value's own type tells all: a check by pydantic takes a microsecond more."""

Check = Callable[[Any], bool]

_search_null = re.compile(b"null").search
"""Twice as quick as `in`, on a long text."""


def json_writer(adapter: TypeAdapter[Any]) -> Callable[[Any], bytes]:
    """The function that writes a result as JSON in UTF-8.

    The function raises `pydantic_core.PydanticSerializationError` for a value that is not of the
    adapter's type.
    """
    schema = adapter.core_schema
    serializer = adapter.serializer
    if (mended := changed_schema(writing_base64(schema), _mended)) != schema:
        # Classes carry serialisers of their own, built from the schema as it was.
        serializer = SchemaSerializer(mended, _use_prebuilt=False)
    to_json, is_sure = serializer.to_json, _quick_check(schema) or _unsure
    look_closer = _checked_writer(schema, to_json)

    def write(value: Any) -> bytes:
        try:
            return to_json(value, by_alias=True) if is_sure(value) else look_closer(value)
        except AttributeError as error:
            raise PydanticSerializationError(f"A field is missing: {error}") from None

    return write


def _checked_writer(
    schema: core_schema.CoreSchema, to_json: Callable[..., bytes]
) -> Callable[[Any], bytes]:
    """What writes a value that may be of another type, and looks where pydantic does not."""
    owner, has_null = _owner(schema), null_finder(schema)

    def write(value: Any) -> bytes:
        if not isinstance(value, owner):
            kind = type(value).__qualname__
            raise PydanticSerializationError(f"Expected {owner.__qualname__}, got {kind}.")
        text = to_json(value, by_alias=True, warnings="error")
        if _search_null(text) and has_null(value):
            reason = "It is None, or a part of it is, or a number is not finite; that may not be."
            raise PydanticSerializationError(reason)
        return text

    return write


def _owner(schema: Any) -> type:
    """The class that values are of, where pydantic would take any that has its attributes."""
    is_model = schema["type"] == "model" and "serialization" not in schema
    return schema["cls"] if is_model and not schema.get("root_model") else object


def _unsure(value: Any) -> bool:  # noqa: ARG001 - only pydantic can tell
    return False


def _quick_check(schema: Any) -> Check | None:
    """What tells, where it says so, that a value is of a type; None where nothing is that quick."""
    if (kinds := _kinds(schema)) is not None:
        return _type_check(kinds)
    fields = schema.get("schema", {})
    if (
        schema["type"] not in ("model", "dataclass")
        or "serialization" in schema
        or schema.get("root_model")
        or fields.get("type") not in ("model-fields", "dataclass-args")
        or fields.get("computed_fields")
        or fields.get("extras_schema")
        or (schema.get("config") or {}).get("extra_fields_behavior") == "allow"
    ):
        return None
    parts = fields["fields"]
    named = parts if isinstance(parts, dict) else {part["name"]: part for part in parts}
    known = {name: kinds for name, part in named.items() if (kinds := _kinds(part))}
    return _field_check(schema["cls"], known) if len(known) == len(named) else None


def _field_check(owner: type, kinds: Mapping[str, frozenset[type]]) -> Check:
    """What compares the types of an instance's fields, in one expression made for its class."""
    names: dict[str, Any] = {"owner": owner}
    conditions = ["type(value) is owner"]
    for number, (field, several) in enumerate(kinds.items()):
        names[f"kinds_{number}"] = several
        conditions.append(f"type(value.{field}) in kinds_{number}")
        if float in several:
            conditions.append(f"(value.{field} is None or value.{field} - value.{field} == 0)")
    check: Check = eval(f"lambda value: {' and '.join(conditions)}", names)  # noqa: S307 - of names of fields alone
    return check


def _type_check(kinds: frozenset[type]) -> Check:
    if float in kinds:  # what is not finite is no zero less than itself
        return lambda value: type(value) in kinds and (value is None or value - value == 0)
    return lambda value: type(value) in kinds


def _kinds(schema: Any) -> frozenset[type] | None:
    """The types that values of a schema have, where those tell all of them."""
    if "serialization" in schema or "serialization_exclude_if" in schema:
        return None
    if schema["type"] in ("default", "model-field", "dataclass-field"):
        return _kinds(schema["schema"])
    if schema["type"] == "nullable":
        inner = _kinds(schema["schema"])
        return inner and inner | {type(None)}
    kind = _PLAIN.get(schema["type"])
    return None if kind is None else frozenset((kind,))


def _mended(schema: dict[str, Any]) -> dict[str, Any]:
    if "serialization" in schema:
        return schema
    if schema["type"] == "datetime":
        return {**schema, "serialization": _MOMENT}
    if schema["type"] in ("set", "frozenset"):
        return {**schema, "serialization": _ordered(schema.get("items_schema"))}
    if schema["type"] == "literal":
        return core_schema.union_schema([schema, schema])  # type: ignore[return-value]
    return schema


def _with_zone(moment: Any) -> Any:
    if isinstance(moment, datetime) and moment.tzinfo is None:
        return moment.astimezone()
    return moment


_MOMENT = core_schema.plain_serializer_function_ser_schema(
    _with_zone, return_schema=core_schema.datetime_schema(), when_used="json"
)


def _ordered(items: core_schema.CoreSchema | None) -> core_schema.SerSchema:
    return core_schema.plain_serializer_function_ser_schema(
        _sorted, return_schema=core_schema.list_schema(items), when_used="json"
    )


def _sorted(members: Any) -> Any:
    if not isinstance(members, set | frozenset):
        return members
    return in_order(members)


def in_order(members: Iterable[Any]) -> list[Any]:
    """The members of a set in the order in which they are written: by value, or else by text."""
    try:
        return sorted(members)
    except TypeError:
        return sorted(members, key=repr)
