"""How the explorer is served: its page where the API stands, to browsers, and its files below."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from servey_core import Runtime
from servey_graphql.graphiql.accepting import wants_page
from servey_graphql.graphiql.assets import page_files
from servey_graphql.graphiql.page import content_security_policy, explorer_page
from servey_graphql.settings import GraphqlSettings
from servey_web import WebRoute, headers_of, web_settings


def with_explorer(routes: Sequence[WebRoute], runtime: Runtime) -> list[WebRoute]:
    """The routes of the API, with the explorer's, where documentation pages are served at all.

    A browser that asks by GET is given the page; every other request goes to the API.

    Args:
        routes: The routes of the API, all of one path.
        runtime: The application.
    """
    if not (routes and web_settings(runtime).docs):
        return list(routes)
    pages = [_for_browsers(one, runtime) if "GET" in one.methods else one for one in routes]
    return [*pages, page_files().route(routes[0].path)]


def _for_browsers(route: WebRoute, runtime: Runtime) -> WebRoute:
    """The route with the page before its endpoint, and so without a direct one."""
    endpoint = _page_or(route.endpoint, runtime)
    return replace(route, endpoint=endpoint, direct=None, pages=(route.path,))


def _page_or(api: ASGIApp, runtime: Runtime) -> ASGIApp:
    has_bundle = page_files().bundled
    introspection = runtime.settings.group(GraphqlSettings).introspects(
        development=runtime.settings.core.development
    )
    page = explorer_page(runtime, bundled=has_bundle, introspection=introspection)
    headers = {
        "Cache-Control": "no-cache",
        "Content-Security-Policy": content_security_policy(bundled=has_bundle),
        "Vary": "Accept",
    }

    async def endpoint(scope: Scope, receive: Receive, send: Send) -> None:
        accept = headers_of(scope).get(b"accept", b"")
        is_page = scope["method"] in ("GET", "HEAD") and wants_page(accept)
        answer = HTMLResponse(page, headers=headers) if is_page else api
        await answer(scope, receive, send)

    return endpoint
