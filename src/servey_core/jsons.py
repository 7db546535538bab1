"""JSON, strictly: what two parsers could read in two ways is refused.

RFC 8259 leaves duplicate names and lone surrogates to the reader, and has no NaN; RFC 7493 (I-JSON)
rules all of them out. So does Servey, on every surface.
"""

import math
import re
from typing import Any

import jiter

from servey_core.errors import BadRequest

_LONG_EXPONENT = re.compile(rb"[0-9][eE]\+?[0-9]{3}")
_LONG_NUMBER = re.compile(rb"(?<![0-9])[0-9]{210}")
"""With two digits in its exponent, or none, a shorter number is below 1e309."""


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
    if _may_overflow(text) and _has_infinity(value):
        raise BadRequest("The JSON cannot be read: a number is out of range.")
    return value


def is_suspect(text: bytes) -> bool:
    """Whether another parser may have let numbers pass that `parse_json` refuses.

    NaN and Infinity are told by their capitals, which is quick, and right more often than not.
    """
    return b"N" in text or b"I" in text or _may_overflow(text)


def _may_overflow(text: bytes) -> bool:
    """Whether a number may be in the text that no float can hold."""
    return bool(_LONG_EXPONENT.search(text) or (len(text) >= 210 and _LONG_NUMBER.search(text)))  # noqa: PLR2004 - as in the pattern


def _has_infinity(value: Any) -> bool:
    if isinstance(value, float):
        return math.isinf(value)
    if isinstance(value, dict):
        return any(map(_has_infinity, value.values()))
    return isinstance(value, list) and any(map(_has_infinity, value))
