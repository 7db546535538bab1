"""Operations as server-sent events: GraphQL over SSE, with a connection for each.

A client asks as by HTTP, with `Accept: text/event-stream`. Each result is an event `next`, and
`complete` says that there are no more; a stream that ends without it is to be asked for again.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.types import Receive, Scope, Send

from servey_core import ProblemError, Runtime, Unavailable
from servey_core.errors import UnsupportedMediaType
from servey_graphql.contexts import OperationContext
from servey_graphql.serving.endpoint import GraphqlEndpoint, is_json
from servey_graphql.serving.negotiation import choose
from servey_graphql.serving.problems import NotAcceptable
from servey_graphql.serving.requests import asked_in_body, asked_in_query
from servey_graphql.settings import GraphqlSettings
from servey_graphql.subscriptions.results import OperationFailed, Results
from servey_graphql.subscriptions.sending import events
from servey_web import (
    Patience,
    authorization_of,
    headers_of,
    instance_of,
    read_body,
    send_event_stream,
    web_settings,
)

EVENT_STREAM = b"text/event-stream"

_RETRY_SECONDS = 3


class EventStreams:
    """Answers who accepts event streams, and leaves all others to the API.

    Args:
        runtime: The application.
        results: Gives operations' results.
        api: Answers with one result.
    """

    def __init__(self, runtime: Runtime, results: Results, api: GraphqlEndpoint) -> None:
        self._results = results
        self._api = api
        self._authorizer = runtime.authorizer
        self._patience = Patience.of(web_settings(runtime))
        self._most = runtime.settings.group(GraphqlSettings).graphql_max_connections
        self._number = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises:
            ProblemError: It is malformed, or there are too many.
        """
        headers, api = headers_of(scope), self._api
        accept = headers.get(b"accept", b"")
        if EVENT_STREAM not in accept.lower() or scope["method"] == "HEAD":
            await api(scope, receive, send)
            return
        body = b""
        if api.max_body is not None:
            body = await read_body(scope, receive, api.max_body, self._patience)
        client = scope.get("client")
        context = OperationContext(None, instance_of(scope), client[0] if client else None)
        try:
            results, streams = self._results_for(scope, headers, body, context)
        except ProblemError:
            if not _takes_json(accept):
                raise
            streams = False
        if not streams and _takes_json(accept):
            await api.answer(scope, body, send)
            return
        if self._number >= self._most:
            raise Unavailable("There are too many connections.", retry_after=_RETRY_SECONDS)
        self._number += 1
        try:
            async with aclosing(results):
                await send_event_stream(
                    events(results), context.authorization, scope, receive, send
                )
        finally:
            self._number -= 1

    def _results_for(
        self, scope: Scope, headers: dict[bytes, bytes], body: bytes, context: OperationContext
    ) -> tuple[AsyncGenerator[bytes], bool]:
        """The results of what a request asks, and whether it asks for a subscription."""
        context.authorization = authorization_of(scope, self._authorizer)
        may_change = self._api.max_body is not None
        if not may_change:
            asked = asked_in_query(scope["query_string"])
        elif is_json(headers.get(b"content-type", b"")):
            asked = asked_in_body(body)
        else:
            raise UnsupportedMediaType("What is streamed is asked for in JSON.")
        try:
            operation = self._results.operation(asked, context, may_change=may_change)
        except OperationFailed as error:
            return _failed(error), False
        return self._results.of(operation, asked.variables, context), operation.streams


async def _failed(error: OperationFailed) -> AsyncGenerator[bytes]:
    """The results of what is not run: validation is told by a result, as the protocol has it."""
    raise error
    yield b""


def _takes_json(accept: bytes) -> bool:
    """Whether a caller takes what the API answers without streaming."""
    try:
        choose(accept)
    except NotAcceptable:
        return False
    return True
