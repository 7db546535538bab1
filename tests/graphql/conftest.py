"""Real applications, which are asked in GraphQL."""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for `schemas`
pytest.register_assert_rewrite("schemas", "subscribing")

from serving import Served, start_with  # noqa: E402 - it is found only now

RESPONSE = "application/graphql-response+json"


class GraphqlServed(Served):
    """An application that is asked in GraphQL."""

    def ask(
        self,
        query: str | None,
        variables: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        accept: str = RESPONSE,
        **members: Any,
    ) -> httpx.Response:
        """POST an operation; `members` are the further parameters."""
        body = {"query": query, "variables": variables, **members}
        given = {name: value for name, value in body.items() if value is not None}
        fields = {"Accept": accept, **(headers or {})}
        return self.client.post("/graphql", json=given, headers=fields)

    def data(self, query: str, variables: Mapping[str, Any] | None = None, **options: Any) -> Any:
        """What an operation gives that has no errors."""
        answered = self.ask(query, variables, **options)
        assert answered.status_code == 200, answered.text
        assert "errors" not in answered.json(), answered.text
        return answered.json()["data"]

    def get(self, **parameters: str) -> httpx.Response:
        """GET an operation."""
        return self.client.get("/graphql", params=parameters, headers={"Accept": RESPONSE})

    def post(self, content: bytes, **headers: str) -> httpx.Response:
        """POST these very bytes."""
        fields = {"Content-Type": "application/json", "Accept": RESPONSE}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post("/graphql", content=content, headers=fields)


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    """Serve functions, with settings, for as long as the context is open."""
    return GraphqlServed.running


@pytest.fixture(scope="session")
def started() -> Callable[..., Any]:
    """Start up with functions and settings, and serve nothing."""
    return start_with


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest) -> Iterator[GraphqlServed]:
    """The application of the test module: its `ACTIONS`, with its `SETTINGS`."""
    settings = getattr(request.module, "SETTINGS", {})
    with GraphqlServed.running(request.module.ACTIONS, **settings) as running:
        yield running
