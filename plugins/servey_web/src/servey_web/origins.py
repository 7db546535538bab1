"""Whose page opens a websocket, or sends a form: browsers let those of any origin."""

from urllib.parse import urlsplit

from starlette.types import Scope

from servey_web.scopes import headers_of


def is_own_page(scope: Scope, origins: frozenset[str]) -> bool:
    """Whether the page that sends may: none, one of this host, or of an origin that is named.

    A page of another origin could otherwise send with what its visitor's browser is known by
    (RFC 6455, section 10.2).

    Args:
        scope: The handshake, or the request.
        origins: The other origins that may; `*` is all.
    """
    origin = headers_of(scope).get(b"origin", b"").decode("latin-1")
    if not origin or "*" in origins or origin in origins:
        return True
    host = headers_of(scope).get(b"host", b"").decode("latin-1")
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
