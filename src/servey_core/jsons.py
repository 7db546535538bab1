"""JSON, strictly: what two parsers could read in two ways is refused.

RFC 8259 leaves duplicate names and lone surrogates to the reader, and has no NaN; RFC 7493 (I-JSON)
rules all of them out. So does Servey, on every surface.
"""

import math
import re
from typing import Any

import jiter

from servey_core.errors import BadRequest

_HUGE_NUMBER = re.compile(rb"[0-9][eE]\+?[0-9]{3}|[0-9]{300}")


def parse_json(text: bytes) -> Any:
    """Read one JSON text, encoded in UTF-8.

    Raises:
        BadRequest: It is malformed, nested too deeply, names a member twice, or has a number
            that no float can hold.
    """
    try:
        value = jiter.from_json(text, catch_duplicate_keys=True, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"The JSON cannot be read: {error}.") from None
    if _HUGE_NUMBER.search(text) and _has_infinity(value):
        raise BadRequest("The JSON cannot be read: a number is out of range.")
    return value


def _has_infinity(value: Any) -> bool:
    if isinstance(value, float):
        return math.isinf(value)
    if isinstance(value, dict):
        return any(map(_has_infinity, value.values()))
    return isinstance(value, list) and any(map(_has_infinity, value))
