"""Real applications, each on a real socket, in a thread of its own, and asked in GraphQL."""

import asyncio
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from servey_core import Authorization, Runtime, ServiceContext, action_of, start
from servey_web.sockets import open_sockets

sys.path.insert(0, str(Path(__file__).parent))  # for the tests that import `schemas`
pytest.register_assert_rewrite("schemas")

PATIENCE = 10.0
"""How long a test waits for what should happen at once, in seconds."""

RESPONSE = "application/graphql-response+json"


@dataclass
class Served:
    """An application that is being served."""

    runtime: Runtime
    url: str
    client: httpx.Client

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

    def exchange(self, request: bytes) -> bytes:
        """Send bytes, and read until the server hangs up."""
        address = (self.client.base_url.host, self.client.base_url.port)
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def credentials(self, *scopes: str, subject: str = "ann") -> dict[str, str]:
        """The header of a caller with these scopes."""
        expires_at = datetime.now(UTC) + timedelta(minutes=5)
        authorization = Authorization(subject, frozenset(scopes), expires_at=expires_at)
        return {"Authorization": f"Bearer {self.runtime.authorizer.issue(authorization)}"}


def start_with(functions: Iterable[Any], **given: Any) -> Runtime:
    actions = [found for one in functions if (found := action_of(one)) is not None]
    return start(actions=actions, given=given)


@contextmanager
def served(functions: Iterable[Any], **given: Any) -> Iterator[Served]:
    runtime = start_with(functions, **given)
    service = runtime.services()["web"].record
    runtime.require_served([service])
    [listening] = open_sockets("127.0.0.1", 0)
    started = threading.Event()
    ready: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        stop = asyncio.Event()
        ready.append((asyncio.get_running_loop(), stop))
        await service.run(ServiceContext(stop, 2.0, [listening], started.set))

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    assert started.wait(PATIENCE)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
        yield Served(runtime, url, client)
    loop, stop = ready[0]
    loop.call_soon_threadsafe(stop.set)
    thread.join(PATIENCE)
    assert not thread.is_alive()
    runtime.pool.close(2.0)


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    """Serve functions, with settings, for as long as the context is open."""
    return served


@pytest.fixture(scope="session")
def started() -> Callable[..., Runtime]:
    """Start up with functions and settings, and serve nothing."""
    return start_with


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest) -> Iterator[Served]:
    """The application of the test module: its `ACTIONS`, with its `SETTINGS`."""
    settings = getattr(request.module, "SETTINGS", {})
    with served(request.module.ACTIONS, **settings) as running:
        yield running
