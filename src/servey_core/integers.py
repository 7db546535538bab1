"""Integers in input have 64 bits, as databases and most languages do, unless bounds say otherwise.

Python's have as many digits as anyone sends, and arithmetic with thousands of them takes its time.
In JSON, 5.0 is one too (JSON Schema, section 4.2.3): many languages do not tell it from 5.
"""

from typing import Any

from pydantic_core import core_schema

_LEAST, _MOST = -(2**63), 2**63 - 1


def has_64_bits(schema: dict[str, Any]) -> bool:
    """Whether integers of a schema are held to 64 bits, on one side at least."""
    return within_64_bits(schema) != schema


def within_64_bits(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema of an integer, with the bounds that it lacks.

    One with a bound beyond 64 bits is meant to have more of them, and is left as it is.
    """
    bounds = [schema[name] for name in ("ge", "gt", "le", "lt") if name in schema]
    if not all(_LEAST <= bound <= _MOST for bound in bounds):
        return schema
    low = {} if "ge" in schema or "gt" in schema else {"ge": _LEAST}
    high = {} if "le" in schema or "lt" in schema else {"le": _MOST}
    return {**schema, **low, **high}


def taking_whole_numbers(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema of an integer, which takes a float without a fraction, too."""
    choices = [schema, core_schema.chain_schema([_WHOLE, schema])]
    return core_schema.union_schema(choices, mode="left_to_right", metadata={_ALONE: schema})  # type: ignore[arg-type, return-value]


def beside_floats(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema of a union, in which a float stays one where there is a choice."""
    if not any(isinstance(one, dict) and one["type"] == "float" for one in schema["choices"]):
        return schema
    return {**schema, "choices": [_alone(one) for one in schema["choices"]]}


def _alone(choice: Any) -> Any:
    metadata = choice.get("metadata", {}) if isinstance(choice, dict) else {}
    return metadata.get(_ALONE, choice)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


_ALONE = "servey_integers_alone"
_WHOLE = core_schema.no_info_plain_validator_function(_whole)
