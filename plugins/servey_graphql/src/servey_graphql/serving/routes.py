"""Where the API stands: one path, for GET and POST."""

from functools import partial
from pathlib import Path

from servey_core import Binding, Runtime
from servey_core.triggers import WebTrigger
from servey_graphql.plans import compile_plan
from servey_graphql.schema import build_schema, subscription_channels
from servey_graphql.serving.endpoint import GraphqlEndpoint
from servey_graphql.serving.engine import Engine
from servey_graphql.serving.persisted import PersistedDocuments, read_manifest
from servey_graphql.settings import GraphqlSettings
from servey_web import Patience, WebRoute, web_settings


def graphql_routes(runtime: Runtime) -> list[WebRoute]:
    """The routes of the API; none where no action has a web trigger, and no channel is delivered.

    Args:
        runtime: The application.

    Raises:
        ConfigurationError: A type cannot be expressed in GraphQL, or the list of persisted
            documents cannot be read.
    """
    bindings = web_bindings(runtime)
    if not (bindings or subscription_channels(runtime)):
        return []
    path = runtime.settings.group(GraphqlSettings).graphql_path
    web = web_settings(runtime)
    engine, authorizer, patience = engine_of(runtime), runtime.authorizer, Patience.of(web)
    get = GraphqlEndpoint(engine, authorizer, None, patience)
    post = GraphqlEndpoint(engine, authorizer, web.max_body_bytes, patience)
    return [
        WebRoute(path, ("GET",), get, bindings, get),
        WebRoute(path, ("POST",), post, bindings, post),
    ]


def web_bindings(runtime: Runtime) -> tuple[Binding, ...]:
    """The bindings that are served here."""
    return tuple(one for one in runtime.bindings if isinstance(one.trigger, WebTrigger))


def engine_of(runtime: Runtime) -> Engine:
    """What runs the operations of an application.

    Raises:
        ConfigurationError: As `graphql_routes`.
    """
    settings = runtime.settings.group(GraphqlSettings)
    listed = {}
    if settings.graphql_persisted_documents is not None:
        listed = read_manifest(Path(settings.graphql_persisted_documents))
    development = runtime.settings.core.development
    return Engine(
        build_schema(runtime),
        settings,
        partial(compile_plan, hide_suggestions=not development),
        PersistedDocuments(listed, settings),
        development=development,
    )
