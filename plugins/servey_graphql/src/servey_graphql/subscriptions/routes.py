"""The API's routes, with what streams: websockets at the same path, and event streams."""

from collections.abc import Sequence
from dataclasses import replace

from servey_core import Runtime
from servey_graphql.schema import subscription_channels
from servey_graphql.serving.endpoint import GraphqlEndpoint
from servey_graphql.subscriptions.results import Results
from servey_graphql.subscriptions.sockets import Sockets
from servey_graphql.subscriptions.streams import EventStreams
from servey_web import WEBSOCKET, WebRoute


def with_subscriptions(routes: Sequence[WebRoute], runtime: Runtime) -> list[WebRoute]:
    """The routes of the API, with those for subscriptions where there are any.

    Args:
        routes: The routes of the API, all of one path.
        runtime: The application.
    """
    if not subscription_channels(runtime):
        return list(routes)
    endpoints = [one.endpoint for one in routes if isinstance(one.endpoint, GraphqlEndpoint)]
    results = Results(runtime, endpoints[0].engine)
    streaming = [
        replace(route, endpoint=EventStreams(runtime, results, endpoint), streams=True)
        for route, endpoint in zip(routes, endpoints, strict=True)
    ]
    return [*streaming, WebRoute(routes[0].path, (WEBSOCKET,), Sockets(runtime, results))]
