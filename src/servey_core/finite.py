"""Numbers in input are finite: JSON has no others, though pydantic's parser takes them.

A `float` of the arguments themselves is told so by their configuration; those of the classes that
arguments are made of follow their own, in which nothing is said as a rule. Here they are told, too.
A field that says that it takes such numbers (`Field(allow_inf_nan=True)`) has them from texts and
from Python; JSON with them is no JSON.
"""

from typing import Any

from pydantic_core import SchemaValidator, core_schema

from servey_core.core_schemas import changed_schema, schema_parts

_HIDING = frozenset(
    ("any", "complex", "function-before", "function-plain", "function-wrap", "json")
)
"""What may take a number without looking at it, or hand it to who does not."""


def finite_validator(schema: core_schema.CoreSchema, given: Any) -> Any:
    """The validator of a schema, which refuses numbers that are not finite.

    Args:
        schema: The schema.
        given: The validator that there is already, for where it refuses them itself.
    """
    told = finite_schema(schema)
    return given if told == schema else SchemaValidator(told, _use_prebuilt=False)


def finite_schema(schema: core_schema.CoreSchema) -> core_schema.CoreSchema:
    """The same schema, whose numbers are finite."""
    return changed_schema(schema, _told)  # type: ignore[no-any-return]


def may_hide_numbers(schema: Any) -> bool:
    """Whether a number that is not finite may pass the validator of a schema."""
    return any(map(_hides, schema_parts(schema)))


def _told(schema: dict[str, Any]) -> dict[str, Any]:
    return {"allow_inf_nan": False, **schema} if schema["type"] == "float" else schema


def _hides(schema: dict[str, Any]) -> bool:
    return (
        schema["type"] in _HIDING
        or bool(schema.get("allow_inf_nan"))
        or bool(schema.get("custom_init"))
        or schema.get("extra_behavior") == "allow"
        or (schema.get("config") or {}).get("extra_fields_behavior") == "allow"
    )
