"""Where two JSON values differ."""

from typing import Any

WHOLE = "#"
"""The pointer of the value itself."""


def difference(expected: Any, got: Any, pointer: str = WHOLE) -> str | None:
    """The first place where two JSON values differ, as a JSON Pointer; None where they do not.

    `1` and `1.0` are the same number; `1` and `true` are not the same.
    """
    if isinstance(expected, dict) and isinstance(got, dict):
        return _in_objects(expected, got, pointer)
    if isinstance(expected, list) and isinstance(got, list):
        return _in_arrays(expected, got, pointer)
    same = expected == got and isinstance(expected, bool) == isinstance(got, bool)
    return None if same else pointer


def _in_objects(expected: dict[str, Any], got: dict[str, Any], pointer: str) -> str | None:
    for name in [*expected, *(extra for extra in got if extra not in expected)]:
        place = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in expected or name not in got:
            return place
        if found := difference(expected[name], got[name], place):
            return found
    return None


def _in_arrays(expected: list[Any], got: list[Any], pointer: str) -> str | None:
    for index, (one, other) in enumerate(zip(expected, got, strict=False)):
        if found := difference(one, other, f"{pointer}/{index}"):
            return found
    if len(expected) != len(got):
        return f"{pointer}/{min(len(expected), len(got))}"
    return None
