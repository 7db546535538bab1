"""Results as JSON that is the same on every host: moments have a zone, sets have an order.

pydantic writes a naive `datetime` without a zone, and a set in the order of its hashes. Both are
put right in the schema that the serialiser is built from. A naive moment is local time, as it is
to the standard library.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import SchemaSerializer, core_schema

_PLAIN: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "none": type(None)}
"""Types of which the value's own type tells all: checking by pydantic takes a microsecond more."""

_UNTOUCHED = frozenset({"cls", "metadata", "config", "ref", "schema_ref"})


def json_writer(adapter: TypeAdapter[Any]) -> Callable[[Any], bytes]:
    """The function that writes a result as JSON in UTF-8.

    The function raises `pydantic_core.PydanticSerializationError` for a value that is not of the
    adapter's type.
    """
    schema = adapter.core_schema
    serializer = adapter.serializer
    if (mended := _mend(schema)) != schema:
        # Classes carry serialisers of their own, built from the schema as it was.
        serializer = SchemaSerializer(mended, _use_prebuilt=False)
    to_json = serializer.to_json

    def write(value: Any) -> bytes:
        return to_json(value, by_alias=True, warnings="error")

    plain = _PLAIN.get(schema["type"])

    def write_plain(value: Any) -> bytes:
        return to_json(value) if type(value) is plain else write(value)

    return write_plain if plain and "serialization" not in schema else write


def _mend(schema: Any) -> Any:
    if isinstance(schema, list | tuple):
        return type(schema)(_mend(part) for part in schema)
    if not isinstance(schema, dict):
        return schema
    mended = {key: part if key in _UNTOUCHED else _mend(part) for key, part in schema.items()}
    if "serialization" in schema:
        return mended
    if schema.get("type") == "datetime":
        return {**mended, "serialization": _MOMENT}
    if schema.get("type") in ("set", "frozenset"):
        return {**mended, "serialization": _ordered(mended.get("items_schema"))}
    return mended


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
    return _by_value_or_text(members)


def _by_value_or_text(members: Iterable[Any]) -> list[Any]:
    try:
        return sorted(members)
    except TypeError:
        return sorted(members, key=repr)
