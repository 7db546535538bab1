"""Where REST finds an argument, said in the annotation: `Annotated[str, Header("X-Tenant")]`.

Everywhere else such a parameter is one like any other.
"""

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

import typing_extensions


@dataclass(frozen=True, slots=True)
class Header:
    """Says that REST reads a parameter from a header of the request.

    Attributes:
        name: The header's name; left out, the parameter's with dashes.
    """

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Cookie:
    """Says that REST reads a parameter from a cookie.

    Attributes:
        name: The cookie's name; left out, the parameter's.
    """

    name: str | None = None


def place_of(annotation: Any) -> Header | Cookie | None:
    """Where a parameter with this annotation is found, where the annotation says.

    Raises:
        ValueError: It says so in a way that is easily overlooked.
    """
    found = [mark for mark in _around(annotation) if _is_mark(mark)]
    if len(found) > 1:
        raise ValueError(f"{found[0]!r} and {found[1]!r} are two places; there can be one.")
    mark = found[0] if found else next(_inside(annotation), None)
    if mark in (Header, Cookie):
        raise ValueError(f"{mark.__name__} is called: {mark.__name__}().")
    if mark is not None and not found:
        raise ValueError(f"{mark!r} stands inside the type; put the whole type into Annotated.")
    return mark


def _around(annotation: Any) -> Iterator[Any]:
    """What is said of the whole type."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation, *marks = get_args(annotation)
            yield from marks
        elif isinstance(annotation, typing_extensions.TypeAliasType):
            annotation = annotation.__value__
        else:
            return


def _inside(annotation: Any) -> Iterator[Any]:
    """What is said of parts of the type."""
    if _is_mark(annotation):
        yield annotation
    elif get_origin(annotation) is not typing.Literal:
        for part in get_args(annotation):
            yield from _inside(part)


def _is_mark(candidate: Any) -> bool:
    return isinstance(candidate, Header | Cookie) or candidate in (Header, Cookie)
