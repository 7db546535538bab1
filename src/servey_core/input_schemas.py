"""What arguments are held to beyond what their types' schemas say, however deep they are."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from pydantic import TypeAdapter
from pydantic.plugin._schema_validator import PluggableSchemaValidator
from pydantic_core import SchemaValidator, core_schema

from servey_core.base64s import reading_base64
from servey_core.core_schemas import changed_schema
from servey_core.finite import finite
from servey_core.integers import beside_floats, taking_whole_numbers, within_64_bits
from servey_core.written import as_text, as_text_alone, as_written

_Changes = Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]


def _lax(schema: dict[str, Any]) -> dict[str, Any]:
    """A decimal or a moment in a text, of which a strict class must be told by its form alone."""
    return as_written({**schema, "strict": False})


_VALUES: _Changes = {
    "date": as_written,
    "datetime": as_written,
    "decimal": as_written,
    "float": finite,
    "int": lambda schema: taking_whole_numbers(within_64_bits(schema)),
    "union": beside_floats,
}
_TEXTS: _Changes = {
    **dict.fromkeys(("date", "datetime", "decimal"), _lax),
    "bool": as_text,
    "float": lambda schema: as_text(finite(schema)),
    "int": lambda schema: as_text(within_64_bits(schema)),
}
_TEXTS_ALONE: _Changes = {
    **dict.fromkeys(("bool", "date", "datetime", "decimal"), as_text_alone),
    "float": lambda schema: as_text_alone(finite(schema)),
    "int": lambda schema: as_text_alone(within_64_bits(schema)),
}


class Source(Enum):
    """Where arguments come from."""

    VALUES = _VALUES
    """JSON, or what is Python's already."""
    TEXTS = _TEXTS
    """Texts, with JSON in some of them."""
    TEXTS_ALONE = _TEXTS_ALONE
    """Texts, with JSON in none."""


def input_schema(
    schema: core_schema.CoreSchema, source: Source = Source.VALUES
) -> core_schema.CoreSchema:
    """The same schema, which takes what is right for arguments.

    Args:
        schema: The schema.
        source: Where they come from.
    """

    def change(part: dict[str, Any]) -> dict[str, Any]:
        known = source.value.get(part["type"])
        return known(part) if known else part

    return reading_base64(changed_schema(schema, change))


def input_validator(
    adapter: TypeAdapter[Any], source: Source = Source.VALUES
) -> SchemaValidator | PluggableSchemaValidator:
    """The validator of arguments.

    Args:
        adapter: What describes them, and checks them where there is nothing to add.
        source: Where they come from.
    """
    schema: core_schema.CoreSchema = adapter.core_schema
    changed = input_schema(schema, source)
    same = changed == schema
    return adapter.validator if same else SchemaValidator(changed, _use_prebuilt=False)
