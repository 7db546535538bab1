"""GraphQL over HTTP: requests to operations, and what they come to to responses."""

import logging
import re
from typing import Any

from graphql import GraphQLError
from starlette.types import Receive, Scope, Send

from servey_core import Authorizer, InternalError, MethodNotAllowed, ProblemError
from servey_core.errors import UnsupportedMediaType
from servey_graphql.contexts import OperationContext
from servey_graphql.serving.engine import Engine
from servey_graphql.serving.errors import formatted, told_problem
from servey_graphql.serving.hints import NO_STORE, caching_fields
from servey_graphql.serving.negotiation import JSON, MediaType, choose
from servey_graphql.serving.problems import DocumentError, InvalidDocument
from servey_graphql.serving.requests import Asked, asked_in_body, asked_in_query
from servey_graphql.serving.responses import OK, answer, refusal
from servey_graphql.serving.uploads import is_multipart, read_form
from servey_web import (
    Answer,
    Patience,
    authorization_of,
    headers_of,
    idempotency_key,
    instance_of,
    raw_headers,
    read_body,
)

_log = logging.getLogger("servey.graphql")

Headers = dict[bytes, bytes]

BAD_REQUEST = 400
_HOW_TO_SUBSCRIBE = (
    "A subscription has many results: ask for it by a websocket, or with Accept: text/event-stream."
)
_JSON = b"application/json"
_JSON_TYPE = re.compile(
    rb"application/json[ \t]*(;[ \t]*charset=\"?utf-8\"?[ \t]*)?", re.IGNORECASE
)


class GraphqlEndpoint:
    """Answers requests of one method, whatever becomes of them, in GraphQL's form.

    It is a `DirectEndpoint`, and an ASGI application that answers the same.

    Args:
        engine: What runs operations.
        authorizer: What reads tokens.
        max_body: The largest body, in bytes; None where none is taken, and the operation is in
            the query string.
        patience: How long a body may take.

    Attributes:
        max_body: As given.
        engine: As given.
    """

    brings: frozenset[bytes] = frozenset()

    def __init__(
        self, engine: Engine, authorizer: Authorizer, max_body: int | None, patience: Patience
    ) -> None:
        self.max_body = max_body
        self.engine = engine
        self._authorizer = authorizer
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        body = b""
        if self.max_body is not None:
            body = await read_body(scope, receive, self.max_body, self._patience)
        await self.answer(scope, body, send)

    async def answer(self, scope: Scope, body: bytes, send: Send) -> None:
        """Answer one request whose body is here, as an ASGI application."""
        status, fields, content = await self.begin(scope, headers_of(scope), body)
        content = b"" if scope["method"] == "HEAD" else content
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": content})

    async def begin(self, scope: Scope, headers: Headers, body: bytes) -> Answer:
        """Answer one request whose body is here."""
        client = scope.get("client")
        context = OperationContext(None, instance_of(scope), client[0] if client else None)
        media_type = JSON
        try:
            media_type = choose(headers.get(b"accept"))
            if b"authorization" in headers:
                context.authorization = authorization_of(scope, self._authorizer)
            context.idempotency_key = idempotency_key(scope)
            if self.max_body is None:
                asked = asked_in_query(scope["query_string"])
                return await self._run(asked, context, media_type, may_change=False)
            return await self._run_body(headers, body, context, media_type)
        except ProblemError as error:
            return self._told(error, context, media_type)
        except Exception as error:  # noqa: BLE001 - it is logged, and told as what it is
            return self._told(self._unforeseen(error, context), context, media_type)

    @staticmethod
    def finish(result: Answer, scope: Scope) -> Answer:  # noqa: ARG004 - it is the protocol's
        """The answer, which is one already."""
        return result

    def failure(self, error: Exception, scope: Scope) -> ProblemError:
        """What the caller is told of what nobody foresaw."""
        return self._unforeseen(error, OperationContext(instance=instance_of(scope)))

    async def _run_body(
        self, headers: Headers, body: bytes, context: OperationContext, media_type: MediaType
    ) -> Answer:
        content_type = headers.get(b"content-type", b"")
        if is_json(content_type):
            return await self._run(asked_in_body(body), context, media_type)
        if not is_multipart(content_type):
            raise UnsupportedMediaType(
                "A request is JSON (Content-Type: application/json), or a form that has files."
            )
        form = await read_form(headers, body)
        try:
            return await self._run(form.asked, context, media_type)
        finally:
            form.close()

    async def _run(
        self,
        asked: Asked,
        context: OperationContext,
        media_type: MediaType,
        *,
        may_change: bool = True,
    ) -> Answer:
        operation = self.engine.operation(asked)
        if operation.streams:
            raise InvalidDocument(_HOW_TO_SUBSCRIBE)
        if not (may_change or operation.reads):
            raise MethodNotAllowed("GET runs queries alone: use POST.", headers={"Allow": "POST"})
        data, errors = await self.engine.run(operation, asked.variables, context)
        if errors:
            told = [self._formatted(error, context) for error in errors]
            if data is None and not any(error.path for error in errors):
                return _refusal(media_type, told)
            return answer(media_type, OK, {"data": data, "errors": told}, [NO_STORE])
        fields = caching_fields(context.hints) if operation.reads else [NO_STORE]
        return answer(media_type, OK, {"data": data}, fields)

    def _formatted(
        self, error: GraphQLError, context: OperationContext, *, valid: bool = True
    ) -> dict[str, Any]:
        return formatted(error, context, development=self.engine.development, valid=valid)

    def _told(
        self, error: ProblemError, context: OperationContext, media_type: MediaType
    ) -> Answer:
        """The answer to what was not run."""
        if isinstance(error, InvalidDocument) and error.found:
            told = [self._formatted(one, context, valid=False) for one in error.found]
            return _refusal(media_type, told)
        hidden = isinstance(error, DocumentError) and not media_type.tells
        problem = told_problem(error, context, development=self.engine.development)
        status = OK if hidden else error.status
        return refusal(media_type, status, [problem], raw_headers(error.headers))

    def _unforeseen(self, error: Exception, context: OperationContext) -> InternalError:
        _log.error(
            "an operation failed: %s",
            context.instance,
            exc_info=error,
            extra={"instance": context.instance},
        )
        shown = InternalError()
        shown.__cause__ = error
        return shown


def is_json(content_type: bytes) -> bool:
    """Whether a body is JSON, by its `Content-Type`."""
    return content_type == _JSON or _JSON_TYPE.fullmatch(content_type) is not None


def _refusal(media_type: MediaType, told: list[dict[str, Any]]) -> Answer:
    """The answer to a document that does not fit, or whose variables do not."""
    return refusal(media_type, BAD_REQUEST if media_type.tells else OK, told)
