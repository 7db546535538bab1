"""What stands before FastAPI's own routes: the actions, found as the web host finds them."""

import logging
from collections.abc import Sequence
from contextlib import suppress

from starlette.routing import Match, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from servey_core import InternalError, Problem, Runtime
from servey_core.plugins import Contribution
from servey_web import (
    FALLBACK,
    ClientDisconnected,
    WebHost,
    WebMount,
    WebRoute,
    instance_of,
    respond,
)

_log = logging.getLogger("servey.rest")

Paths = Sequence[tuple[str, tuple[str, ...]]]
"""Paths that FastAPI answers, each by some methods."""


class Front:
    """ASGI middleware by which actions go before FastAPI's routes.

    Args:
        runtime: The application.
        actions: The actions' routes.
        shared: The paths that FastAPI answers as well.
        router: FastAPI's routes.

    Raises:
        RouteConflictError: Two actions claim one method and path.
    """

    def __init__(
        self, runtime: Runtime, actions: Sequence[WebRoute], shared: Paths, router: Router
    ) -> None:
        self._router = router
        self._development = runtime.settings.core.development
        behind = [WebRoute(path, methods, self._behind) for path, methods in shared]
        own = next(plugin for plugin in runtime.plugins.all if plugin.name == "rest")
        records: list[WebRoute | WebMount] = [*actions, *behind, WebMount("", self._behind)]
        self._host = WebHost([Contribution(own, record) for record in records])
        self._app: ASGIApp = router

    def before(self, app: ASGIApp) -> ASGIApp:
        """Stand before FastAPI, from its handlers of exceptions on inwards."""
        self._app = app
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request, websocket or lifespan."""
        app = self._host if scope["type"] == "http" else self._app
        with suppress(ClientDisconnected):
            await app(scope, receive, send)

    async def _behind(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered by FastAPI's own routes."""
        scope.pop("path_params", None)  # FastAPI finds its own
        answer = _Answer(send)
        if scope["method"] == "HEAD" and not self._answers(scope):
            getting = {**scope, "method": "GET"}
            if FALLBACK not in scope or self._answers(getting):
                scope, answer = getting, _HeadOnly(send)
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:
            if answer.cut:
                return
            if answer.begun:
                raise
            await self._fail(error, scope, send)

    def _answers(self, scope: Scope) -> bool:
        return any(route.matches(scope)[0] is Match.FULL for route in self._router.routes)

    async def _fail(self, error: Exception, scope: Scope, send: Send) -> None:
        """Answer what nobody foresaw, before FastAPI would answer it and raise it again."""
        instance = instance_of(scope)
        path, fields = scope["path"], {"instance": instance}
        _log.error("FastAPI's route to %r failed: %s", path, instance, exc_info=error, extra=fields)
        unforeseen = InternalError()
        unforeseen.__cause__ = error
        problem = Problem.of(unforeseen, instance=instance, development=self._development)
        await respond(send, problem)


def handing_over(not_found: ASGIApp) -> ASGIApp:
    """What answers where no route is: what the web host has for that, and else FastAPI.

    Args:
        not_found: FastAPI's answer.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        fallback = scope.get(FALLBACK) if scope["type"] == "http" else None
        await (fallback or not_found)(scope, receive, send)

    return answer


class _Answer:
    """The answer to one request.

    Attributes:
        begun: Whether a part of it is sent.
        cut: Whether it was ended before it had an end.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False
        self.cut = False

    async def send(self, message: Message) -> None:
        """Send a message on."""
        self.begun = True
        await self._send(message)


class _HeadOnly(_Answer):
    """The answer to HEAD: that to GET, without its body (RFC 9110, section 9.3.2)."""

    async def send(self, message: Message) -> None:
        """Send a message on, without its part of the body; a stream is told that nobody listens."""
        if message["type"] == "http.response.body":
            self.cut = message.get("more_body", False)
            message = {"type": "http.response.body", "body": b""}
        await super().send(message)
        if self.cut:
            raise OSError("The answer to HEAD has no body.")
