"""One record for each request, with nothing in it that is secret."""

import logging

from starlette.types import Scope

from servey_core.flat_logs import FlatLog
from servey_web.scopes import REQUEST_ID

logger = logging.getLogger("servey.access")

CLIENT_LEFT = 499
"""The status that is logged where the caller left before it was answered."""

_NAMES = ("method", "path", "status", "duration_ms", "bytes", "client", "request_id")

_requests = FlatLog(logger, "%s %s %d", _NAMES)


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
    method, path, client = scope["method"], _path(scope), scope.get("client")
    _requests.write(
        (method, path, status),
        method,
        path,
        status,
        round(seconds * 1000, 2),
        size,
        client[0] if client else None,
        scope[REQUEST_ID].decode(),
    )


def _path(scope: Scope) -> str:
    """The path as it was sent: percent-encoded, so that it cannot break the line."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    return ascii(raw.partition(b"?")[0].decode("latin-1"))[1:-1]
