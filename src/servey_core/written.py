"""How numbers and moments are written in input: as JSON and ISO 8601 have them, and no other way.

pydantic takes `1_000` for a number where it comes as text, `yes` for a truth value, and a number
for a moment: for seconds since 1970.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Literal

from pydantic_core import core_schema

from servey_core.integers import taking_whole_numbers

_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_MOMENT = r"^[0-9]{4}-"
_DECIMAL, _DATE = re.compile(_NUMBER), re.compile(_MOMENT)

_Kind = Literal[
    "bool_parsing", "date_type", "datetime_type", "decimal_parsing", "float_parsing", "int_parsing"
]
_FORMS: dict[str, tuple[str, _Kind]] = {
    "bool": (r"^(true|false|1|0)$", "bool_parsing"),
    "date": (_MOMENT, "date_type"),
    "datetime": (_MOMENT, "datetime_type"),
    "decimal": (_NUMBER, "decimal_parsing"),
    "float": (_NUMBER, "float_parsing"),
    "int": (r"^[+-]?[0-9]+$", "int_parsing"),
}
"""How a text looks that stands for a value of a type, and the error of one that does not."""


def as_written(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema of a decimal or a moment, which takes texts of the right form alone."""
    _, kind = _FORMS[schema["type"]]
    return _if(_is_decimal if schema["type"] == "decimal" else _is_moment, schema, kind)


def as_text(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema of a number or a truth value, which takes texts of the right form, too.

    Where JSON stands within a text, the values in it are what they are.
    """
    itself = {"type": schema["type"], "strict": True}
    return _of_form(schema, taking_whole_numbers(itself) if schema["type"] == "int" else itself)


def as_text_alone(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema of any of these types, which takes texts of the right form alone."""
    return _of_form(schema)


def _of_form(schema: dict[str, Any], *others: Any) -> dict[str, Any]:
    if schema.get("allow_inf_nan"):
        return schema
    pattern, kind = _FORMS[schema["type"]]
    # What the class that holds it says of its texts is not said of its numbers.
    text: core_schema.CoreSchema = core_schema.str_schema(
        pattern=pattern, min_length=0, strip_whitespace=False
    )
    if others:
        text = core_schema.union_schema([text, *others], mode="left_to_right")
    read: Any = {**schema, "strict": False}
    return core_schema.chain_schema([core_schema.custom_error_schema(text, kind), read])  # type: ignore[return-value]


def _if(fits: Callable[[Any], bool], schema: dict[str, Any], kind: _Kind) -> dict[str, Any]:
    """A schema for what fits, whose reading is left to pydantic."""
    return core_schema.tagged_union_schema(  # type: ignore[return-value]
        {True: schema},
        lambda value: fits(value) or None,
        custom_error_type=kind,
    )


def _is_decimal(value: Any) -> bool:
    return not isinstance(value, str) or _DECIMAL.fullmatch(value) is not None


def _is_moment(value: Any) -> bool:
    return _DATE.match(value) is not None if isinstance(value, str) else isinstance(value, date)
