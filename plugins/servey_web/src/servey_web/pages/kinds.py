"""What can be told of an annotated type: what it is made of, and whether it is waited for."""

import types
import typing
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Union, get_args, get_origin

import typing_extensions


class _Told:
    """What is told of a type instead of a type."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


UNKNOWN: Final = _Told("UNKNOWN")
"""Any type: it cannot be told which."""
MISSING: Final = _Told("MISSING")
"""No type: there is no such attribute."""


def type_name(annotation: Any) -> str:
    """What a type is called in a message."""
    kinds = [get_origin(one) or one for one in alternatives(annotation)]
    names = [getattr(one, "__name__", str(one)) for one in kinds]
    return " | ".join(names)


def item(annotation: Any) -> Any:
    """The type of what a value is gone through for."""
    kinds = alternatives(annotation)
    if len(kinds) != 1:
        return UNKNOWN
    arguments = [one for one in get_args(kinds[0]) if one is not ...]
    origin = get_origin(kinds[0])
    if not is_class(origin, Iterable) or not arguments:
        return UNKNOWN
    if origin is tuple and len(set(map(repr, arguments))) > 1:
        return UNKNOWN
    return arguments[0]


def value(annotation: Any) -> Any:
    """The type of what stands in a value under an index or a key."""
    kinds = alternatives(annotation)
    if len(kinds) != 1 or get_origin(kinds[0]) not in (list, dict, tuple):
        return UNKNOWN
    arguments = get_args(kinds[0])
    return arguments[1] if get_origin(kinds[0]) is dict else item(annotation)


def may_wait(annotation: Any) -> bool:
    """Whether a value may be awaitable, or gone through asynchronously only."""
    kinds = alternatives(annotation)
    return not kinds or any(one is UNKNOWN or _waits(get_origin(one) or one) for one in kinds)


def is_plain_iterable(annotation: Any) -> bool:
    """Whether a value is one that is gone through without waiting."""
    kinds = alternatives(annotation)
    return bool(kinds) and all(
        is_class(get_origin(one) or one, Iterable) and not _waits(get_origin(one) or one)
        for one in kinds
    )


def alternatives(annotation: Any) -> list[Any]:
    """The types that a value may be of, `None` left out."""
    return [one for one in _members(annotation) if one is not type(None) and one is not None]


def _members(annotation: Any) -> Iterator[Any]:
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif isinstance(annotation, typing_extensions.TypeAliasType):
            annotation = annotation.__value__
        elif isinstance(annotation, typing.NewType):
            annotation = annotation.__supertype__
        else:
            break
    if get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from _members(one)
    else:
        yield annotation


def _waits(kind: Any) -> bool:
    if not isinstance(kind, type) or kind in (object, Any):
        return True
    return hasattr(kind, "__await__") or hasattr(kind, "__aiter__")


def is_class(kind: Any, base: type) -> bool:
    """Whether a type is a class that is derived from another."""
    return isinstance(kind, type) and issubclass(kind, base)
