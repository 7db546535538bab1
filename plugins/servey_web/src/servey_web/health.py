"""`/livez` and `/readyz`: whether the process lives, and whether it wants requests."""

import logging
from collections.abc import Callable, Mapping

from starlette.types import Receive, Scope, Send

from servey_core.errors import MethodNotAllowed
from servey_core.problems import Problem
from servey_web.lifecycle import Lifecycle
from servey_web.responses import respond, respond_json
from servey_web.scopes import instance_of

LIVEZ = "/livez"
READYZ = "/readyz"
HEALTH_PATHS = frozenset((LIVEZ, READYZ))
"""Paths that are answered whatever the load is, and whichever host they name."""

Check = Callable[[], bool | str]
"""Looks at one thing, quickly: True where it is well, False or a word for the caller if not."""

_NO_STORE = ((b"cache-control", b"no-store"),)
_log = logging.getLogger("servey.web")


async def livez(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI
    """Answer that the process lives: its event loop turns."""
    if await _readable(scope, send):
        await respond_json(send, 200, {"status": "alive"}, _NO_STORE)


class Readiness:
    """Answers whether requests are welcome: 200, or 503 while draining or where a check fails.

    Args:
        lifecycle: Where the server is in its life.
        checks: What to look at, by name.
    """

    def __init__(self, lifecycle: Lifecycle, checks: Mapping[str, Check] | None = None) -> None:
        self._lifecycle = lifecycle
        self._checks = dict(checks or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        if not await _readable(scope, send):
            return
        results = {name: _result(name, check) for name, check in self._checks.items()}
        ready = all(result == "ok" for result in results.values())
        status = "draining" if self._lifecycle.draining else "ready" if ready else "not ready"
        code = 200 if status == "ready" else 503
        await respond_json(send, code, {"status": status, "checks": results}, _NO_STORE)


def _result(name: str, check: Check) -> str:
    try:
        found = check()
    except Exception:  # noqa: BLE001 - whatever it is, it is not well
        _log.exception("the check %r of /readyz failed", name)
        found = False
    if isinstance(found, str):
        return found or "failing"
    return "ok" if found else "failing"


async def _readable(scope: Scope, send: Send) -> bool:
    if scope["method"] in ("GET", "HEAD"):
        return True
    error = MethodNotAllowed(headers={"Allow": "GET, HEAD"})
    await respond(send, Problem.of(error, instance=instance_of(scope)))
    return False
