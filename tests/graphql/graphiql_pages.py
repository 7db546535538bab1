"""A plugin of the tests: the explorer's page as it is where GraphiQL was not bundled."""

from collections.abc import Iterable

from starlette.responses import HTMLResponse

import servey_graphql.plugin
from servey_core import Runtime, hookimpl
from servey_graphql.graphiql import with_explorer
from servey_graphql.graphiql.page import content_security_policy, explorer_page
from servey_graphql.serving.routes import graphql_routes
from servey_web import WebRoute

OWN_ROUTES = hasattr(servey_graphql.plugin, "servey_web_routes")


@hookimpl
def servey_web_routes(runtime: Runtime) -> Iterable[WebRoute]:
    page = explorer_page(runtime, bundled=False, introspection=True)
    policy = {"Content-Security-Policy": content_security_policy(bundled=False)}
    route = WebRoute("/without-bundle", ("GET",), HTMLResponse(page, headers=policy))
    return [route, *([] if OWN_ROUTES else with_explorer(graphql_routes(runtime), runtime))]
