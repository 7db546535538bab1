"""Arguments from headers and cookies: which parameters say so, and how they are read."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from starlette.types import Scope

from servey_core import BadRequest, Header, Signature
from servey_core.places import place_of
from servey_core.texts import Shape, shape_of

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_COOKIE = b"cookie"
_FRAMING = "it belongs to the connection, not to the action"
_REFUSED = {
    "accept": "it is about the form of the result, which is decided before the action runs",
    "authorization": "the host reads it: take a parameter of the type Authorization",
    "connection": _FRAMING,
    "content-length": _FRAMING,
    "content-type": "it is about the body, which is read before the action runs",
    "cookie": "use Cookie(...)",
    "expect": _FRAMING,
    "host": "the host has checked it, and it says where the caller went, not what is wanted",
    "keep-alive": _FRAMING,
    "proxy-authorization": "it is for a proxy",
    "set-cookie": "it is a header of responses",
    "te": _FRAMING,
    "trailer": _FRAMING,
    "transfer-encoding": _FRAMING,
    "upgrade": _FRAMING,
}
"""Headers that no parameter may be read from, and why."""


@dataclass(frozen=True, slots=True)
class InHeaders:
    """The parameters of an action that REST reads from headers and cookies.

    Attributes:
        headers: The names of headers, by parameter.
        cookies: The names of cookies, by parameter.
    """

    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def vary(self) -> tuple[str, ...]:
        """The headers that the result depends on (RFC 9110, section 12.5.5)."""
        return (*self.headers.values(), *(["Cookie"] if self.cookies else []))

    def __contains__(self, parameter: str) -> bool:
        return parameter in self.headers or parameter in self.cookies

    def __bool__(self) -> bool:
        return bool(self.headers or self.cookies)


def in_headers(signature: Signature) -> InHeaders:
    """Which parameters stand in headers and cookies.

    Raises:
        ValueError: One of them cannot.
    """
    found = InHeaders()
    for name, parameter in signature.parameters.items():
        try:
            place = place_of(parameter.annotation)
            if isinstance(place, Header):
                found.headers[name] = _header(place.name or name.replace("_", "-"))
            elif place is not None:
                found.cookies[name] = _cookie(place.name or name, parameter.annotation)
        except ValueError as error:
            raise ValueError(f"the parameter {name!r} cannot be read: {error}") from None
    _check_twice([name.lower() for name in found.headers.values()])
    _check_twice(list(found.cookies.values()))
    return found


def header_reader(signature: Signature, places: InHeaders) -> Callable[[Scope], dict[str, Any]]:
    """What reads the arguments in headers and cookies.

    A header's text is UTF-8, of which ASCII is a part. A list is one header with commas between
    its items, several headers, or both (RFC 9110, section 5.3). Of two cookies of one name the
    first counts: browsers send the one with the longer path first (RFC 6265, section 5.4).

    Args:
        signature: What the action takes.
        places: The parameters in headers and cookies.
    """
    part = signature.only([name for name in signature.parameters if name in places])
    lists = {
        name for name, one in part.parameters.items() if shape_of(one.annotation) is Shape.SEVERAL
    }
    by_header = {name.lower().encode(): one for one, name in places.headers.items()}
    by_cookie = {name.encode(): one for one, name in places.cookies.items()}

    def read(scope: Scope) -> dict[str, Any]:
        pairs: list[tuple[str, str]] = []
        cookies: dict[str, str] = {}
        for field_name, value in scope["headers"]:
            if parameter := by_header.get(field_name):
                text = _decoded(value, places.headers[parameter])
                items = _items(text) if parameter in lists else [text]
                pairs += [(parameter, item) for item in items]
            elif field_name == _COOKIE and by_cookie:
                for cookie, content in cookie_pairs(value):
                    if (one := by_cookie.get(cookie)) and one not in cookies:
                        cookies[one] = _decoded(content, "Cookie")
        return part.from_texts([*pairs, *cookies.items()])

    return read


def cookie_pairs(value: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The names and values of cookies in one header field, whatever else stands in it.

    Args:
        value: The field's value (RFC 6265, section 4.2.1).
    """
    for pair in value.split(b";"):
        name, equals, content = pair.partition(b"=")
        if equals:
            yield name.strip(b" \t"), content


def _header(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a header (RFC 9110, section 5.1).")
    if reason := _REFUSED.get(name.lower()):
        raise ValueError(f"the header {name} is no argument: {reason}.")
    return name


def _cookie(name: str, annotation: Any) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a cookie (RFC 6265, section 4.1.1).")
    if shape_of(annotation) is not Shape.ONE:
        raise ValueError(f"the cookie {name} is one text, which its type is not.")
    return name


def _check_twice(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two parameters are read from {name}.")


def _decoded(value: bytes, name: str) -> str:
    try:
        return value.decode().strip(" \t")
    except UnicodeDecodeError:
        raise BadRequest(f"The header {name} is not valid UTF-8.") from None


def _items(text: str) -> list[str]:
    """The items of a list (RFC 9110, section 5.6.1); empty ones do not count."""
    return [item for one in text.split(",") if (item := one.strip(" \t"))]
