"""The application as a whole: what the plugins contribute, behind the protections."""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from starlette.types import ASGIApp

from servey_core import Runtime, Service, ServiceContext, start
from servey_core.plugins import Contribution
from servey_web.bodies import Patience, limit_body
from servey_web.debug_login import debug_login
from servey_web.health import LIVEZ, READYZ, Readiness, livez
from servey_web.host import WebContribution, WebHost
from servey_web.lifecycle import Lifecycle
from servey_web.protection import protect
from servey_web.routes import WebMount, WebRoute
from servey_web.server import serve
from servey_web.settings import WebSettings
from servey_web.sockets import open_sockets

DEBUG_LOGIN_PATH = "/debug/login"
"""Where the debug authenticator gives tokens, where it is on."""


@dataclass(frozen=True)
class WebService(Service):
    """The web host as a service.

    Attributes:
        host: What the plugins contribute.
        app: The same, behind the protections.
    """

    host: WebHost = field(kw_only=True)
    app: ASGIApp = field(kw_only=True)


def create_app(runtime: Runtime | None = None) -> ASGIApp:
    """Make the ASGI application, for any server, or to mount in an application of your own.

    Args:
        runtime: What was started; None to start here, from settings and discovery.

    Raises:
        ConfigurationError: Something cannot work, such as a trigger that no plugin serves, or the
            setting `state`.
    """
    runtime = runtime or start()
    services = {name: one.record for name, one in runtime.services().items()}
    runtime.require_served(services.values())
    _ = runtime.state  # what is wrong with it is wrong now, and not at the first request
    service = services["web"]
    assert isinstance(service, WebService)  # noqa: S101 - the plugin `web` gives no other
    return service.app


def web_settings(runtime: Runtime) -> WebSettings:
    """The web host's settings, with what depends on the environment decided."""
    return runtime.settings.group(WebSettings).decided(runtime.settings.core)


def web_service(runtime: Runtime) -> WebService:
    """Make the web host's service.

    Raises:
        RouteConflictError: Two plugins, or two triggers, claim one method and path.
    """
    core, settings = runtime.settings.core, web_settings(runtime)
    lifecycle = Lifecycle()
    host = WebHost(_contributions(runtime, settings, lifecycle), runtime.close_state)

    async def run(context: ServiceContext) -> None:
        await serve(app, context, core=core, settings=settings, lifecycle=lifecycle)

    app = protect(host, core, settings, lifecycle, host.find_direct)
    return WebService(
        name="web",
        run=run,
        bindings=host.bindings,
        listen=lambda: open_sockets(core.host, core.port),
        description=lambda sockets: _addresses(sockets, host.pages),
        owner_of=host.owner_of,
        host=host,
        app=app,
    )


def own_routes(runtime: Runtime) -> Iterable[WebRoute]:
    """The host's own routes, beyond health: the debug authenticator, where it is on."""
    core, settings = runtime.settings.core, runtime.settings.group(WebSettings)
    login = debug_login(core, settings, runtime.authorizer)
    return [WebRoute(DEBUG_LOGIN_PATH, ("POST",), login)] if login else []


def _contributions(
    runtime: Runtime, settings: WebSettings, lifecycle: Lifecycle
) -> list[WebContribution]:
    gathered: list[WebContribution] = runtime.plugins.collect(
        "servey_web_routes", (WebRoute, WebMount), runtime=runtime
    )
    own = next(plugin for plugin in runtime.plugins.all if plugin.name == "web")
    readiness = Readiness(lifecycle, {"threads": lambda: not runtime.pool.starved})
    health = [WebRoute(LIVEZ, ("GET",), livez), WebRoute(READYZ, ("GET",), readiness)]
    return [
        *(Contribution[WebRoute | WebMount](own, route) for route in health),
        *(_bounded(one, settings) for one in gathered),
    ]


def _bounded(contribution: WebContribution, settings: WebSettings) -> WebContribution:
    """Bound the bodies that a mounted application reads; a route reads its own."""
    record = contribution.record
    if isinstance(record, WebRoute):
        return contribution
    app = limit_body(record.app, settings.max_body_bytes, Patience.of(settings))
    return replace(contribution, record=replace(record, app=app))


def _addresses(sockets: Sequence[socket.socket], pages: Sequence[str]) -> str:
    """Where the service can be reached, for the console."""
    found = sorted({one.getsockname()[:2] for one in sockets})
    urls = [f"http://{_host(host)}:{port}" for host, port in found]
    shown = [f"{urls[0]}{page}" for page in pages if urls]
    return ", ".join(urls) + (f" (pages: {', '.join(shown)})" if shown else "")


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
