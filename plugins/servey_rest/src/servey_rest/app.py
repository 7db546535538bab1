"""The FastAPI application behind the plans: documents, routers, and whatever no plan answers.

It serves the actions too, by the very same plans, so that it is whole by itself. Where the web
host stands before it, the host's table has them first.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.types import Receive, Scope, Send

from servey_core import Runtime
from servey_rest.front import Front, Paths, handing_over
from servey_rest.openapi import openapi_document
from servey_rest.pages import DOCS_PATH, pages
from servey_rest.refusals import HANDLERS
from servey_rest.routers import included_routers
from servey_rest.routes import web_routes
from servey_rest.settings import api_info
from servey_rest.shared_paths import router_routes, shared_paths
from servey_web import Patience, WebMount, WebRoute, limit_body, web_settings


def fastapi_app(runtime: Runtime) -> FastAPI:
    """The actions as a FastAPI application, with the routers that stand beside them.

    The web host's protections are not before it: `servey_web.create_app()` has those. A router that
    is included in it afterwards gets what no action answers.

    Args:
        runtime: The application.

    Raises:
        RouteConflictError: Two actions, or an action and a router, claim one method and path.
    """
    return _application(runtime, web_routes(runtime))[0]


def rest_contributions(runtime: Runtime) -> list[WebRoute | WebMount]:
    """What the web host is given: actions, what FastAPI answers, and FastAPI behind all of it.

    Raises:
        RouteConflictError: An action and a router claim one method and path.
    """
    actions = web_routes(runtime)
    app, shared = _application(runtime, actions)
    state: dict[str, Any] = {}

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with app.router.lifespan_context(app) as given:
            state.update(given or {})
            yield

    async def entered(scope: Scope, receive: Receive, send: Send) -> None:
        if state:
            scope["state"] = {**scope.get("state", {}), **state}
        await app(scope, receive, send)

    settings = web_settings(runtime)
    bounded = limit_body(entered, settings.max_body_bytes, Patience.of(settings))
    shown = (DOCS_PATH,) if settings.docs else ()
    behind = [WebRoute(path, methods, bounded) for path, methods in shared]
    return [*actions, *behind, WebMount("", entered, lifespan=lifespan, pages=shown)]


def _application(runtime: Runtime, actions: Sequence[WebRoute]) -> tuple[FastAPI, Paths]:
    """The application, and the paths that it answers beside the actions."""
    api = api_info(runtime)
    app = FastAPI(
        title=api.title,
        version=api.version,
        openapi_url=None,  # the document is made of the actions first
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=HANDLERS,
    )
    app.router.default = handing_over(app.router.default)
    app.state.servey = runtime
    app.openapi = lambda: openapi_document(runtime, routes=app.routes)  # type: ignore[method-assign]
    if web_settings(runtime).docs:
        app.router.routes.extend(pages(runtime, app.routes))
    app.include_router(included_routers(runtime))
    shared = list(shared_paths(router_routes(app.routes), actions))
    front = Front(runtime, actions, shared, app.router)
    app.user_middleware.append(Middleware(front.before))
    return app, shared
