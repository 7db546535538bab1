"""Bytes are base64 wherever they are text, coming in and going out.

pydantic would take a text for the bytes of its UTF-8, which few bytes are. What has an encoding of
its own keeps it: a class whose configuration says one (`val_json_bytes`, `ser_json_bytes`), and a
type that does (`Base64Bytes`).
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from pydantic import PydanticUserError, TypeAdapter
from pydantic_core import (
    PydanticCustomError,
    PydanticSerializationError,
    SchemaSerializer,
    core_schema,
)

from servey_core.core_schemas import changed_schema

_OWN = frozenset(("ser_json_bytes", "val_json_bytes"))
_STANDARD = str.maketrans("-_", "+/")


def to_base64(value: Any) -> str:
    """Write bytes in base64 (RFC 4648, section 4).

    Raises:
        TypeError: It is no bytes.
    """
    if not isinstance(value, bytes):
        raise TypeError(f"Expected bytes, got {type(value).__qualname__}.")
    return base64.b64encode(value).decode("ascii")


def from_base64(value: Any) -> Any:
    """Read base64 in either alphabet (RFC 4648, sections 4 and 5); what is no text stays as it is.

    Raises:
        PydanticCustomError: It is not in base64.
    """
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value.translate(_STANDARD), validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64", "The content should be in base64") from None


def reading_base64(schema: core_schema.CoreSchema) -> core_schema.CoreSchema:
    """The same schema, whose bytes are read from base64."""
    return changed_schema(schema, _read, _says_itself)  # type: ignore[no-any-return]


def writing_base64(schema: core_schema.CoreSchema) -> core_schema.CoreSchema:
    """The same schema, whose bytes are written in base64."""
    return changed_schema(schema, _written, _says_itself)  # type: ignore[no-any-return]


def base64_writer(annotation: Any) -> Callable[[Any], Any] | None:
    """What makes of an argument what it looks like in JSON; None where there are no bytes in it.

    What it is given may look so already; what is of another type stays as it is.

    Args:
        annotation: The type of the arguments.
    """
    try:
        schema = TypeAdapter(annotation).core_schema
        if (written := writing_base64(schema)) == schema:
            return None
        serializer = SchemaSerializer(written, _use_prebuilt=False)
    except PydanticUserError:  # a type that is not fully defined tells so when it is looked into
        return None

    def write(value: Any) -> Any:
        try:
            return serializer.to_python(value, mode="json", by_alias=True, warnings="error")
        except (PydanticSerializationError, PydanticUserError):
            return value

    return write


def _says_itself(schema: dict[str, Any]) -> bool:
    if "serialization" in schema:
        return str(schema["type"]).startswith("function-")
    return not _OWN.isdisjoint(schema.get("config") or ())


def _read(schema: dict[str, Any]) -> dict[str, Any]:
    if schema["type"] != "bytes":
        return schema
    decoding = core_schema.no_info_plain_validator_function(from_base64)
    return core_schema.chain_schema([decoding, schema])  # type: ignore[return-value]


def _written(schema: dict[str, Any]) -> dict[str, Any]:
    if schema["type"] != "bytes" or "serialization" in schema:
        return schema
    return {**schema, "serialization": _ENCODING}


_ENCODING = core_schema.plain_serializer_function_ser_schema(to_base64, when_used="json")
