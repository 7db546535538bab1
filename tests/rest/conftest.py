"""Real applications, which are asked by REST."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # for `raw_http`
pytest.register_assert_rewrite("raw_http")

from serving import Served, start_with  # noqa: E402 - it is found only now


class RestServed(Served):
    """An application that is asked by REST."""

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def post(self, path: str, content: bytes, content_type: str = "application/json") -> Any:
        headers = {"Content-Type": content_type}
        return self.client.post(path, content=content, headers=headers)


@pytest.fixture(scope="session")
def serve() -> Callable[..., Any]:
    """Serve functions, with settings, for as long as the context is open."""
    return RestServed.running


@pytest.fixture(scope="session")
def started() -> Callable[..., Any]:
    """Start up with functions and settings, and serve nothing."""
    return start_with


@pytest.fixture(scope="module")
def app(request: pytest.FixtureRequest) -> Iterator[RestServed]:
    """The application of the test module: its `ACTIONS`, with its `SETTINGS`."""
    settings = getattr(request.module, "SETTINGS", {})
    with RestServed.running(request.module.ACTIONS, **settings) as running:
        yield running
