"""Numbers in input are finite: JSON has no others, though pydantic's parser takes them.

A `float` of the arguments themselves is told so by their configuration; those of the classes that
arguments are made of follow their own, in which nothing is said as a rule. Here they are told, too.
A field that says that it takes such numbers (`Field(allow_inf_nan=True)`) has them from texts and
from Python; JSON with them is no JSON.
"""

from typing import Any

from servey_core.core_schemas import schema_parts

_HIDING = frozenset(
    ("any", "complex", "function-before", "function-plain", "function-wrap", "json")
)
"""What may take a number without looking at it, or hand it to who does not."""


def finite(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema of a number, which is finite."""
    return {"allow_inf_nan": False, **schema}


def may_hide_numbers(schema: Any) -> bool:
    """Whether a number that is not finite may pass the validator of a schema."""
    return any(map(_hides, schema_parts(schema)))


def _hides(schema: dict[str, Any]) -> bool:
    return (
        schema["type"] in _HIDING
        or bool(schema.get("allow_inf_nan"))
        or bool(schema.get("custom_init"))
        or schema.get("extra_behavior") == "allow"
        or (schema.get("config") or {}).get("extra_fields_behavior") == "allow"
    )
