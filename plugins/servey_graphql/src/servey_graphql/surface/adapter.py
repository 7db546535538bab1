"""How tests call actions by GraphQL: over HTTP, or as a document that begins at an object."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from inspect import isawaitable
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from graphql import GraphQLSchema, execute, parse, validate

from servey_core import (
    Action,
    Authorization,
    Caller,
    ConfigurationError,
    InvalidInput,
    Problem,
    ProblemError,
    Reply,
    Runtime,
    Surface,
)
from servey_core.problems import new_instance
from servey_graphql.contexts import SURFACE, OperationContext
from servey_graphql.schema.collecting import root_actions
from servey_graphql.serving.errors import formatted
from servey_graphql.serving.hints import caching_fields
from servey_graphql.serving.problems import InvalidDocument
from servey_graphql.settings import GraphqlSettings
from servey_graphql.surface.example_documents import Called, ExampleDocuments
from servey_web import WebService

if TYPE_CHECKING:
    import httpx

_LIFETIME = timedelta(minutes=5)
_TYPE = "application/graphql-response+json"


def graphql_surfaces(runtime: Runtime) -> list[Surface]:
    """The surface `graphql`; none where no action has a web trigger.

    An action that is a method has no request of its own: its example's document is run with the
    type of its object as the root, and that object, read from the example, as its value.

    Args:
        runtime: The application.
    """
    if not any(root_actions(runtime, safe=safe) for safe in (True, False)):
        return []
    documents = ExampleDocuments(runtime)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Caller]:
        try:
            async with _client(runtime) as client:
                yield _Caller(runtime, documents, client)
        finally:
            await runtime.close_state()

    return [Surface(SURFACE, serves=lambda one: documents.called(one) is not None, open=opened)]


class _Caller:
    """Calls actions of a host that is in this very process."""

    def __init__(
        self, runtime: Runtime, documents: ExampleDocuments, client: "httpx.AsyncClient"
    ) -> None:
        self._runtime = runtime
        self._documents = documents
        self._client = client

    async def __call__(
        self, action: Action, params: Mapping[str, Any], authorization: Authorization | None
    ) -> Reply:
        called = self._documents.called(action)
        assert called is not None  # noqa: S101 - the surface serves it
        if action.owner is not None:
            return await self._at_object(action, called, params, authorization)
        query, variables = self._documents.document(called, params)
        key = {"Idempotency-Key": token_hex(16)} if action.idempotency else {}
        response = await self._client.post(
            self._runtime.settings.group(GraphqlSettings).graphql_path,
            json={"query": query, "variables": variables},
            headers={"Accept": _TYPE, **key, **self._credentials(authorization)},
        )
        if response.headers["content-type"].partition(";")[0] != _TYPE:
            return Reply(problem=response.json())  # the host's own
        told = response.headers.get("cache-control", "")
        return self._reply(called, response.json(), told)

    async def _at_object(
        self,
        action: Action,
        called: Called,
        params: Mapping[str, Any],
        authorization: Authorization | None,
    ) -> Reply:
        """Run a document whose root is the object that has the action."""
        context = OperationContext(authorization, new_instance(), idempotency_key=token_hex(16))
        signature = self._runtime.invoker(action.name).signature
        itself = next(iter(signature.parameters))
        arguments = {name: value for name, value in params.items() if name != itself}
        here = {name: value for name, value in params.items() if name == itself}
        try:
            owner = signature.only([itself]).from_json(json.dumps(here).encode())[itself]
        except ProblemError as error:
            return Reply(problem=Problem.of(error, instance=context.instance).to_dict())
        query, variables = self._documents.document(called, arguments)
        schema, document = GraphQLSchema(called.holder), parse(query)
        if found := validate(schema, document):
            errors = [formatted(one, context, development=True, valid=False) for one in found]
            return self._reply(called, {"errors": errors}, "")
        begun = execute(schema, document, owner, context_value=context, variable_values=variables)
        result = await begun if isawaitable(begun) else begun
        errors = [formatted(one, context, development=True) for one in result.errors or ()]
        [(_, told), *_] = caching_fields(context.hints)
        return self._reply(called, {"data": result.data, "errors": errors}, told.decode())

    def _reply(self, called: Called, body: Mapping[str, Any], cache_control: str) -> Reply:
        if errors := body.get("errors"):
            return Reply(problem=_problem(errors[0]["extensions"]))
        directives = cache_control.split(", ")
        ages = [int(one.partition("=")[2]) for one in directives if one.startswith("max-age=")]
        return Reply(
            self._documents.result(called, body["data"]),
            max_age=ages[0] if ages else None,
            private="private" in directives,
        )

    def _credentials(self, authorization: Authorization | None) -> dict[str, str]:
        if authorization is None:
            return {}
        if authorization.expires_at is None:
            authorization = replace(authorization, expires_at=datetime.now(UTC) + _LIFETIME)
        return {"Authorization": f"Bearer {self._runtime.authorizer.issue(authorization)}"}


def _problem(problem: Mapping[str, Any]) -> Mapping[str, Any]:
    """A problem as other surfaces have it.

    The documents are made here, so that one can only be wrong in the arguments of the example:
    those that are missing, or that there are not.
    """
    if problem["type"] != InvalidDocument.type:
        return problem
    return {**problem, "type": InvalidInput.type, "title": InvalidInput.title, "status": 422}


def _client(runtime: Runtime) -> "httpx.AsyncClient":
    try:
        import httpx
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "Examples are tested over HTTP by httpx: pip install 'servey-graphql[testing]', "
            "or leave the surface out."
        ) from error
    service = runtime.services()["web"].record
    assert isinstance(service, WebService)  # noqa: S101 - the plugin `web` gives no other
    transport = httpx.ASGITransport(service.app)
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
