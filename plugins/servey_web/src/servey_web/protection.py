"""What stands before the application: one wrapper that every request goes through."""

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from time import perf_counter
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from servey_core.errors import InternalError, ProblemError, Unavailable
from servey_core.problems import Problem
from servey_core.settings import CoreSettings
from servey_web.access_log import CLIENT_LEFT, log_access
from servey_web.bodies import ClientDisconnected, Patience, begin_body
from servey_web.cors import allow_origins
from servey_web.cycles import answered, cycle_of, field_lines
from servey_web.gate import Gate
from servey_web.hardening import missing, security_headers
from servey_web.lifecycle import Lifecycle
from servey_web.responses import RawHeaders, Refuse, refuse_in_json, respond
from servey_web.routing import FindDirect
from servey_web.scopes import (
    HEADERS,
    LEAVING,
    REQUEST_ID,
    SLOT,
    accepted_id,
    id_maker,
    instance_of,
)
from servey_web.settings import WebSettings

_log = logging.getLogger("servey.web")

_POLICY_VIOLATION = 1008
_REFUSAL = "servey.refusal"


def protect(  # noqa: PLR0913 - the last two have defaults, and go by name
    app: ASGIApp,
    core: CoreSettings,
    settings: WebSettings,
    lifecycle: Lifecycle,
    *,
    direct: FindDirect | None = None,
    refuse: Refuse = refuse_in_json,
) -> ASGIApp:
    """Stand before an application.

    Gives each request an id and its headers as a dict (see `scopes`), refuses what names another
    host (400), what is ambiguous (400) and what is too much at once (503), believes the proxies
    that are trusted, answers other origins, adds the security headers, turns what escapes the
    application into problems, and logs each request.

    Bodies are not its business: `read_body` and `limit_body` are for whoever knows the route. But
    where a request has a direct endpoint, that is given its body, and the application is not asked.

    Args:
        app: The application.
        core: The core's settings.
        settings: The web host's settings.
        lifecycle: Where the server is in its life.
        direct: Finds the direct endpoint of a request.
        refuse: Answers a request that is not let in.
    """
    return _Protection(app, core, settings, lifecycle, direct=direct, refuse=refuse)


class _Protection:
    """The application, protected.

    Attributes:
        under_way: How many requests are under way.
    """

    def __init__(  # noqa: PLR0913 - as `protect`
        self,
        app: ASGIApp,
        core: CoreSettings,
        settings: WebSettings,
        lifecycle: Lifecycle,
        *,
        direct: FindDirect | None,
        refuse: Refuse,
    ) -> None:
        proxies = list(settings.forwarded_allow_ips)
        self._app = allow_origins(app, settings)
        refusing = allow_origins(_refusing(refuse), settings)
        self._proxied: ASGIApp = ProxyHeadersMiddleware(self._app, proxies)  # type: ignore[arg-type, assignment]
        self._refusing: ASGIApp = ProxyHeadersMiddleware(refusing, proxies)  # type: ignore[arg-type, assignment]
        # Answers to other origins are the middleware's to complete.
        self._find_direct = _none if direct is None or settings.cors_origins else direct
        self._gate = Gate(core, settings)
        self._known_hosts = self._gate.known
        self._max_concurrency = self._gate.max_concurrency
        self._patience = Patience.of(settings)
        self._lifecycle = lifecycle
        self._new_id = id_maker()
        self._added = security_headers(settings)
        self._beside: dict[frozenset[bytes], tuple[RawHeaders, bytes]] = {}
        self._overridable = frozenset(name for name, _ in self._added)
        self._retry_after = settings.retry_after
        self._development = core.development
        self._access_log = settings.access_log
        self.under_way = 0

    async def __call__(  # noqa: C901 - as its docstring says
        self, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Handle one request, websocket or lifespan.

        Most requests have a direct endpoint, and are answered right here: each further call
        would take a noticeable part of the time.
        """
        if scope["type"] != "http":
            await self._other(scope, receive, send)
            return
        fields = scope["headers"]
        headers = scope[HEADERS] = dict(fields)
        scope[REQUEST_ID] = identity = self._new_id()
        if (
            headers.get(b"host") not in self._known_hosts
            or len(headers) != len(fields)
            or self.under_way >= self._max_concurrency
            or b"x-request-id" in headers
            or b"x-forwarded-for" in headers
            or b"x-forwarded-proto" in headers
        ):
            await self._look_closer(scope, receive, send)
            return
        endpoint = self._find_direct(scope)
        if endpoint is None:
            await self._run(self._app, scope, receive, send)
            return
        begun = perf_counter() if self._access_log else 0.0
        status = size = 0
        cycle = cycle_of(receive, send)
        self.under_way += 1
        try:
            body: Any = b""
            if (limit := endpoint.max_body) is not None:
                body = begin_body(scope, receive, limit, self._patience, cycle)
                if not isinstance(body, bytes):
                    body = await body.rest()
            try:
                result = await endpoint.begin(scope, headers, body)
                status, own, content = endpoint.finish(result, scope)
            except ProblemError:
                raise
            except Exception as error:
                raise endpoint.failure(error, scope) from error
            size = len(content)
            brings = endpoint.brings
            added, lines = self._beside.get(brings) or self._add_beside(brings)
            head = status, own, lines, identity
            if cycle is None or not answered(cycle, head, content):
                own += added
                own.append((b"x-request-id", identity))
                await send({"type": "http.response.start", "status": status, "headers": own})
                await send({"type": "http.response.body", "body": content})
        except BaseException as error:  # noqa: BLE001 - `_recover` raises again what it must
            answer = _Answer(send, self._added, self._overridable, identity, status)
            await self._recover(error, scope, answer)
            status, size = answer.status, answer.size
        finally:
            self.under_way -= 1
            if begun:
                log_access(scope, status or CLIENT_LEFT, size, perf_counter() - begun)

    def _add_beside(self, brings: frozenset[bytes]) -> tuple[RawHeaders, bytes]:
        """What each response carries beside what its endpoint brings itself, also as written."""
        rest = [field for field in self._added if field[0] not in brings]
        self._beside[brings] = rest, field_lines(rest)
        return self._beside[brings]

    async def _look_closer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request whose headers are not the usual ones, or that may be too much."""
        headers = scope[HEADERS]
        if b"x-request-id" in headers:
            scope[REQUEST_ID] = accepted_id(headers[b"x-request-id"]) or scope[REQUEST_ID]
        target = self._app
        if b"x-forwarded-for" in headers or b"x-forwarded-proto" in headers:
            target = self._proxied
        refusal = self._gate.refusal(scope, headers, scope["headers"], self.under_way)
        if refusal is not None:
            scope[_REFUSAL] = refusal
            target = self._refusing
        await self._run(target, scope, receive, send)

    async def _run(self, target: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Have a request answered by an ASGI application."""
        scope[LEAVING] = self._lifecycle.leaving
        begun = perf_counter() if self._access_log else 0.0
        answer = _Answer(send, self._added, self._overridable, scope[REQUEST_ID])
        slot = _Slot(self)
        scope[SLOT] = slot.leave
        try:
            await target(scope, receive, answer.send)
        except BaseException as error:  # noqa: BLE001 - `_recover` raises again what it must
            await self._recover(error, scope, answer)
        finally:
            slot.leave()
            if begun:
                seconds = perf_counter() - begun
                log_access(scope, answer.status or CLIENT_LEFT, answer.size, seconds)

    async def _recover(self, error: BaseException, scope: Scope, answer: "_Answer") -> None:
        """Answer what escaped the application, or raise it again where it is too late to."""
        if isinstance(error, ClientDisconnected):
            return
        cut_short = isinstance(error, asyncio.CancelledError) and self._lifecycle.draining
        if answer.status or not (cut_short or isinstance(error, Exception)):
            raise error
        instance = instance_of(scope)
        shown = self._shown(error, instance)
        await respond(
            answer.send, Problem.of(shown, instance=instance, development=self._development)
        )

    def _shown(self, error: BaseException, instance: str) -> ProblemError:
        """What the caller is shown; what nobody foresaw goes to the log."""
        if isinstance(error, ProblemError):
            return error
        if isinstance(error, asyncio.CancelledError):
            return Unavailable("The server is stopping.", retry_after=self._retry_after)
        _log.error("an error escaped the application, call %s", instance, exc_info=error)
        unforeseen = InternalError("The server failed; its log has the reason.")
        unforeseen.__cause__ = error
        return unforeseen

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let websockets and the lifespan through; a websocket to another host is turned away."""
        if scope["type"] != "websocket":
            self._new_id = id_maker()  # this may be a fork of the process that made us
            await self._app(scope, receive, send)
            return
        headers = scope[HEADERS] = dict(scope["headers"])
        scope[REQUEST_ID] = accepted_id(headers.get(b"x-request-id", b"")) or self._new_id()
        scope[LEAVING] = self._lifecycle.leaving
        if self._gate.knows(headers):
            await self._proxied(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})


class _Slot:
    """One request among those under way, until it leaves."""

    __slots__ = ("_protection",)

    def __init__(self, protection: _Protection) -> None:
        protection.under_way += 1
        self._protection: _Protection | None = protection

    def leave(self) -> None:
        """Count it no longer; only the first time matters."""
        if self._protection is not None:
            self._protection.under_way -= 1
            self._protection = None


class _Answer:
    """The response to one request: notes what becomes of it, and adds what each must carry."""

    __slots__ = ("_added", "_identity", "_overridable", "_own", "_send", "size", "status")

    def __init__(
        self,
        send: Send,
        added: RawHeaders,
        overridable: frozenset[bytes],
        identity: bytes,
        status: int = 0,
    ) -> None:
        self._send = send
        self._added = added
        self._overridable = overridable
        self._identity = identity
        self.status = status
        self.size = 0
        self._own: Iterable[tuple[bytes, bytes]] = ()

    def send(self, message: Message) -> Awaitable[None]:
        """Send a message on; not a coroutine itself, which saves one for each message."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            own = self._own = message.get("headers", ())
            added = self._added
            for name, _ in own:
                if name in self._overridable:
                    added = missing(added, own)
                    break
            message["headers"] = [*own, *added, (b"x-request-id", self._identity)]
        elif message["type"] == "http.response.pathsend":
            self.size = int(dict(self._own).get(b"content-length", 0))
        else:
            self.size += len(message.get("body", b""))
        return self._send(message)


def _none(scope: Scope) -> None:  # noqa: ARG001 - there is none for any request
    return None


def _refusing(refuse: Refuse) -> ASGIApp:
    async def refusing(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001 - ASGI
        await refuse(Problem.of(scope[_REFUSAL], instance=instance_of(scope)), scope, send)

    return refusing
