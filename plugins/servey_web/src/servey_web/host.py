"""The outer application: finds whose a request is, and hands it over."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack

from starlette.types import ASGIApp, Receive, Scope, Send

from servey_core import Binding, MethodNotAllowed, NotFound, Problem
from servey_core.plugins import Contribution
from servey_web.direct import DirectEndpoint
from servey_web.responses import Refuse, refuse_in_json
from servey_web.routes import WEBSOCKET, WebMount, WebRoute
from servey_web.routing import FindDirect, RouteConflictError, RoutingTable
from servey_web.scopes import FALLBACK, headers_of, instance_of

_CLOSE_NORMALLY = 1000

WebContribution = Contribution[WebRoute | WebMount]


class WebHost:
    """An ASGI application made of what the plugins contribute.

    Args:
        contributions: Routes and mounts, and whose they are.
        close: What is to be done at the end of the lifespan.
        fallback: What answers requests that nothing else does. Mounts at "" find it in the scope,
            as `FALLBACK`, and are to hand such requests over to it.
        refuse: Answers a request whose path is known and whose method is not.

    Attributes:
        contributions: The same.
        find_direct: Finds the direct endpoint of a request, for who stands before the host.

    Raises:
        RouteConflictError: Two of them claim one place.
    """

    def __init__(
        self,
        contributions: Sequence[WebContribution],
        close: Callable[[], Awaitable[None]] | None = None,
        fallback: ASGIApp | None = None,
        refuse: Refuse = refuse_in_json,
    ) -> None:
        self.contributions = tuple(contributions)
        self._fallback = fallback
        self._refuse = refuse
        self._close = close
        sockets = [one for one in contributions if _is_websocket(one)]
        self._table = RoutingTable(one for one in contributions if not _is_websocket(one))
        self._sockets = RoutingTable(sockets)
        self.find_direct = _direct_finder(self._table, contributions)
        self._mounts = _mounts(contributions)

    @property
    def bindings(self) -> tuple[Binding, ...]:
        """Every binding that is served here."""
        return tuple(b for one in self.contributions for b in one.record.bindings)

    @property
    def pages(self) -> tuple[str, ...]:
        """The paths of pages for people."""
        return tuple(page for one in self.contributions for page in one.record.pages)

    def owner_of(self, binding: Binding) -> str:
        """The distributions of the plugins that serve a binding."""
        owners = [one.plugin for one in self.contributions if binding in one.record.bindings]
        return ", ".join(dict.fromkeys(plugin.distribution for plugin in owners))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, one websocket or the lifespan."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path: str = scope["path"]
        root: str = scope.get("root_path", "")
        if root and path.startswith(root):
            path = path[len(root) :]
        table, method = self._table, scope.get("method", "")
        if scope["type"] == "websocket":
            table, method = self._sockets, WEBSOCKET
        found = table.find(path, scope)
        if found is None:
            await self._mounted(path, scope, receive, send)
            return
        methods, texts = found
        target = methods.get(method)
        if target is None and method == "HEAD":
            target = methods.get("GET")
        if target is None:
            await answer_other_method(methods, scope, send, self._refuse)
            return
        if texts:
            scope["path_params"] = dict(zip(target.parameters, texts, strict=True))
        await target.endpoint(scope, receive, send)

    async def _mounted(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        for mount in self._mounts:
            if not mount.path or path == mount.path or path.startswith(f"{mount.path}/"):
                if mount.path:
                    scope["root_path"] = scope.get("root_path", "") + mount.path
                elif self._fallback is not None:
                    scope[FALLBACK] = self._fallback
                await mount.app(scope, receive, send)
                return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _CLOSE_NORMALLY})
            return
        if self._fallback is not None:
            await self._fallback(scope, receive, send)
            return
        error = NotFound("There is nothing at this path.")
        await self._refuse(Problem.of(error, instance=instance_of(scope)), scope, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The lifespan protocol, for all mounts together."""
        await receive()
        async with AsyncExitStack() as stack:
            if self._close is not None:
                stack.push_async_callback(self._close)
            try:
                for mount in self._mounts:
                    if mount.lifespan is not None:
                        await stack.enter_async_context(mount.lifespan())
            except Exception as error:
                await send({"type": "lifespan.startup.failed", "message": repr(error)})
                raise
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def _is_websocket(contribution: WebContribution) -> bool:
    return isinstance(contribution.record, WebRoute) and contribution.record.is_websocket


def _direct_finder(table: RoutingTable, contributions: Sequence[WebContribution]) -> FindDirect:
    """What finds direct endpoints; none for event streams, where there are such."""
    find = table.find_direct
    if not any(isinstance(one.record, WebRoute) and one.record.streams for one in contributions):
        return find

    def find_unless_streamed(scope: Scope) -> DirectEndpoint | None:
        accept = headers_of(scope).get(b"accept", b"")
        return None if b"text/event-stream" in accept else find(scope)

    return find_unless_streamed


async def answer_other_method(
    methods: Collection[str], scope: Scope, send: Send, refuse: Refuse
) -> None:
    """Say which methods there are (RFC 9110, sections 9.3.7 and 15.5.6).

    Args:
        methods: Those that a path has; HEAD goes with GET.
        scope: The request.
        send: What the answer is sent by.
        refuse: Answers a request whose method is none of them.
    """
    allowed = ", ".join(sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])}))
    if scope["method"] == "OPTIONS":
        headers = [(b"allow", allowed.encode("ascii"))]
        await send({"type": "http.response.start", "status": 204, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    error = MethodNotAllowed(f"Allowed: {allowed}.", headers={"Allow": allowed})
    await refuse(Problem.of(error, instance=instance_of(scope)), scope, send)


def _mounts(contributions: Sequence[WebContribution]) -> list[WebMount]:
    """The mounts, those with longer paths first."""
    owners: dict[str, WebContribution] = {}
    for one in contributions:
        if not isinstance(one.record, WebMount):
            continue
        if other := owners.get(one.record.path):
            raise RouteConflictError(
                f"The path {one.record.path or '/'!r} is mounted twice: by the plugins "
                f"{other.plugin.name!r} and {one.plugin.name!r}."
            )
        owners[one.record.path] = one
    mounts = [one.record for one in owners.values() if isinstance(one.record, WebMount)]
    return sorted(mounts, key=lambda mount: len(mount.path), reverse=True)
