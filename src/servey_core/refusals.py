"""Saying what is wrong with an input, field by field."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from servey_core.errors import FieldError, InvalidInput, json_pointer

MAX_ERRORS = 100
"""How much that is wrong with one input is told; it must not be more than the input itself."""


def invalid_input(error: ValidationError, given: Any) -> InvalidInput:
    """Say what is wrong with the input: one entry for each bad field, up to `MAX_ERRORS`."""
    details: dict[str, list[tuple[str, str]]] = {}
    found_wrong = error.errors(include_url=False, include_context=False, include_input=False)
    for entry in found_wrong[:MAX_ERRORS]:
        pointer = _pointer(entry["loc"], given, missing=entry["type"] == "missing")
        details.setdefault(pointer, []).append((entry["msg"], entry["type"]))
    return InvalidInput(
        errors=[
            FieldError(pointer, "; or: ".join(dict(found)), found[0][1])
            for pointer, found in details.items()
        ]
    )


def _pointer(location: tuple[int | str, ...], given: Any, *, missing: bool) -> str:
    """A JSON Pointer, without the parts that name a member of a union and no part of the input."""
    parts: list[int | str] = []
    for index, part in enumerate(location):
        if _holds(given, part):
            given = given[part]
        elif not (missing and index == len(location) - 1):
            continue
        parts.append(part)
    return json_pointer(parts)


def _holds(given: Any, part: int | str) -> bool:
    if isinstance(given, list | tuple):
        return isinstance(part, int) and part < len(given)
    return isinstance(given, Mapping) and part in given
