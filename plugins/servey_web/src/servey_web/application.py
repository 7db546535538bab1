"""The application as a whole: what the plugins contribute, behind the protections."""

import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from starlette.types import ASGIApp

from servey_core import Runtime, Service, ServiceContext, WebPageTrigger, start
from servey_core.plugins import Contribution
from servey_web.bodies import Patience, limit_body
from servey_web.debug_authenticator import authenticator_of
from servey_web.debug_login import DebugLogin
from servey_web.fallback import web_fallback
from servey_web.health import LIVEZ, READYZ, Readiness, livez
from servey_web.host import WebContribution, WebHost
from servey_web.lifecycle import Lifecycle
from servey_web.protection import protect
from servey_web.responses import refuse_in_json
from servey_web.routes import WebMount, WebRoute
from servey_web.server import serve
from servey_web.sessions.places import has_login
from servey_web.settings import WebSettings
from servey_web.sockets import open_sockets
from servey_web.static_site.site import StaticSite

DEBUG_LOGIN_PATH = "/debug/login"
"""Where the debug authenticator gives tokens, where it is on."""


@dataclass(frozen=True)
class WebService(Service):
    """The web host as a service.

    Attributes:
        host: What the plugins contribute.
        app: The same, behind the protections.
        site: The static site behind all of it; None where there is none.
    """

    host: WebHost = field(kw_only=True)
    app: ASGIApp = field(kw_only=True)
    site: StaticSite | None = field(default=None, kw_only=True)


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
    fallback = web_fallback(runtime)
    contributions = _contributions(runtime, settings, lifecycle)
    refuse = fallback.refuse if fallback else refuse_in_json
    host = WebHost(contributions, runtime.close_state, fallback, refuse)
    site = fallback.site if fallback else None

    async def run(context: ServiceContext) -> None:
        await serve(app, context, core=core, settings=settings, lifecycle=lifecycle)

    app = protect(host, core, settings, lifecycle, direct=host.find_direct, refuse=refuse)
    return WebService(
        name="web",
        run=run,
        bindings=host.bindings,
        listen=lambda: open_sockets(core.host, core.port),
        description=lambda sockets: _description(sockets, host.pages, site),
        owner_of=host.owner_of,
        host=host,
        app=app,
        site=site,
    )


def own_routes(runtime: Runtime) -> Iterable[WebRoute]:
    """The host's own routes, beyond health: pages, and those by which callers log in.

    Raises:
        ActionError: A page trigger does not fit its action, or a template its result.
        ConfigurationError: The debug authenticator cannot be on as it is set.
    """
    if (authenticator := authenticator_of(runtime)) is not None:
        yield WebRoute(DEBUG_LOGIN_PATH, ("POST",), DebugLogin(authenticator))
    if has_login(runtime):
        from servey_web.login.routes import login_routes  # which brings the templates along

        yield from login_routes(runtime)
    if any(isinstance(one.trigger, WebPageTrigger) for one in runtime.bindings):
        from servey_web.pages.routes import page_routes  # likewise

        yield from page_routes(runtime)


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


def _description(
    sockets: Sequence[socket.socket], pages: Sequence[str], site: StaticSite | None
) -> str:
    """Where the service can be reached, and what is there for people, for the console."""
    found = sorted({one.getsockname()[:2] for one in sockets})
    urls = [f"http://{_host(host)}:{port}" for host, port in found]
    own = site.pages if site else ()
    shown = [f"{urls[0]}{page}" for page in (*own, *pages) if urls]
    notes = [f"pages: {', '.join(shown)}"] if shown else []
    if site is not None:
        notes.append(f"files of {site.name}")
    return ", ".join(urls) + (f" ({'; '.join(notes)})" if notes else "")


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
