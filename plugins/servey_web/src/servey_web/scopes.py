"""What Servey leaves in an ASGI scope, and how to read it."""

from collections.abc import Callable
from itertools import count
from re import compile as pattern
from secrets import token_hex
from typing import cast

from starlette.types import Scope

from servey_core.problems import new_instance

HEADERS = "servey.headers"
"""The request's headers as a `dict[bytes, bytes]`; of repeated ones, the last."""
REQUEST_ID = "servey.request_id"
"""The id of the request, as text."""
MAX_BODY = "servey.max_body"
"""The largest body that this route accepts, in bytes, where it is not the general one."""

_ACCEPTABLE_ID = pattern(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,127}")


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The request's headers by their names in lower case; made once for each request."""
    headers = scope.get(HEADERS)
    if headers is None:
        headers = scope[HEADERS] = dict(scope["headers"])
    return cast("dict[bytes, bytes]", headers)


def accepted_id(offered: bytes) -> str | None:
    """The caller's own `X-Request-ID`, where it is harmless; else None."""
    if not _ACCEPTABLE_ID.fullmatch(offered):
        return None
    return offered.decode("ascii")


def id_maker() -> Callable[[], str]:
    """Make a maker of request ids; each process must have one of its own."""
    return map(f"{token_hex(8)}-".__add__, map(str, count(1))).__next__


def instance_of(scope: Scope) -> str:
    """The `instance` of a problem with this request (RFC 9457), which the log finds again."""
    known = scope.get(REQUEST_ID)
    return f"urn:servey:call:{known}" if known else new_instance()
