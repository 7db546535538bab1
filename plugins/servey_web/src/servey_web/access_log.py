"""One record for each request, with nothing in it that is secret."""

import logging

from starlette.types import Scope

from servey_web.scopes import REQUEST_ID

logger = logging.getLogger("servey.access")

CLIENT_LEFT = 499
"""The status that is logged where the caller left before it was answered."""


def log_access(scope: Scope, status: int, size: int, seconds: float) -> None:
    """Log one request: its path without the query, and none of its headers.

    Args:
        scope: The request.
        status: The response's status code.
        size: The response's body, in bytes.
        seconds: How long it took.
    """
    if not logger.isEnabledFor(logging.INFO):
        return
    client = scope.get("client")
    fields = {
        "method": scope["method"],
        "path": _path(scope),
        "status": status,
        "duration_ms": round(seconds * 1000, 2),
        "bytes": size,
        "client": client[0] if client else None,
        "request_id": scope[REQUEST_ID].decode(),
    }
    logger.info("%s %s %d", fields["method"], fields["path"], status, extra=fields)


def _path(scope: Scope) -> str:
    """The path as it was sent: percent-encoded, so that it cannot break the line."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    return ascii(raw.partition(b"?")[0].decode("latin-1"))[1:-1]
