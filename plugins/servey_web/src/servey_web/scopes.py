"""What Servey leaves in an ASGI scope, and how to read it."""

import asyncio
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
"""The id of the request, in ASCII."""
LEAVING = "servey.leaving"
"""Set when the server leaves, and what would never end should."""
SLOT = "servey.slot"
"""What lets a request no longer count among those under way, when it is called."""
MAX_BODY = "servey.max_body"
"""The largest body that this route accepts, in bytes, where it is not the general one."""

FALLBACK = "servey.fallback"
"""The ASGI application to hand over to where nothing is at a request's path; it may be missing."""

_ACCEPTABLE_ID = pattern(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,127}")


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The request's headers by their names in lower case; made once for each request."""
    headers = scope.get(HEADERS)
    if headers is None:
        headers = scope[HEADERS] = dict(scope["headers"])
    return cast("dict[bytes, bytes]", headers)


def leaving_of(scope: Scope) -> asyncio.Event:
    """What is set when the server leaves; where Servey is no server, that is never."""
    return cast("asyncio.Event", scope.get(LEAVING)) or asyncio.Event()


def leave_count(scope: Scope) -> None:
    """Count a request no longer among those under way, of which there are so many at once at most.

    It is for what is open for as long as its client likes, and has a limit of its own.
    """
    leave = scope.get(SLOT)
    if leave is not None:
        leave()


def accepted_id(offered: bytes) -> bytes | None:
    """The caller's own `X-Request-ID`, where it is harmless; else None."""
    return offered if _ACCEPTABLE_ID.fullmatch(offered) else None


def id_maker() -> Callable[[], bytes]:
    """Make a maker of request ids; each process must have one of its own."""
    form = b"%b-%%d" % token_hex(8).encode()
    return map(form.__mod__, count(1)).__next__


def instance_of(scope: Scope) -> str:
    """The `instance` of a problem with this request (RFC 9457), which the log finds again."""
    known = scope.get(REQUEST_ID)
    return f"urn:servey:call:{known.decode()}" if known else new_instance()


def own_path(scope: Scope) -> str:
    """The request's path, without that which the application stands under."""
    path, root = cast("str", scope["path"]), scope.get("root_path", "")
    return path[len(root) :] if root and path.startswith(f"{root}/") else path
