"""Whether two arguments are one: as JSON has it, where `1` is not `true`."""

from typing import Any


def same_json(one: Any, other: Any) -> bool:
    """Whether two coerced values would be written alike; numbers of other types are others."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other)
