"""Servey in a FastAPI application of the user's own, on a real socket."""

import re
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response, WebSocket
from raw_http import status_of
from waiting import PATIENCE
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from servey_core import (
    WEB_GET,
    WEB_POST,
    Runtime,
    ScopeAccessControl,
    SettingsError,
    WebTrigger,
    action,
)
from servey_rest import fastapi_app
from servey_web import create_app, lifespan_of

HANDSHAKE = (
    b"GET /api/echo HTTP/1.1\r\nHost: %b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
LATE = (
    b"POST /api/actions/say-hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nContent-Length: 13\r\nExpect: 100-continue\r\n\r\n"
)
"""The head of a request whose body comes when it is asked for."""


@asynccontextmanager
async def open_shop(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
    moments.append("open")
    yield {"shop": "open"}
    moments.append("closed")


moments: list[str] = []
router = APIRouter(lifespan=open_shop)


@router.get("/shop")
async def shop(request: Request) -> list[Any]:
    return [getattr(request.state, "shop", None), getattr(request.state, "outer", None)]


@router.websocket("/echo")
async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


@action(triggers=(WEB_GET, WEB_POST, WebTrigger("GET", "/greet/{name}")))
def say_hello(name: str) -> str:
    return f"Hello {name}!"


@action(triggers=WEB_GET, access_control=ScopeAccessControl("root"))
async def secret() -> str:
    return "secret"


ACTIONS = [say_hello, secret]
SETTINGS = {"fastapi_routers": f"{__name__}:router", "max_body_bytes": 1000}


class Server(uvicorn.Server):
    """A server that says when it has started, or could not."""

    def __init__(self, app: Any, **options: Any) -> None:
        config = uvicorn.Config(
            app, log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=2, **options
        )
        super().__init__(config)
        self.begun = threading.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.begun.set()


@contextmanager
def running(app: Any, **options: Any) -> Iterator[httpx.Client]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = Server(app, **options)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    assert server.begun.wait(PATIENCE)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive()


def outer_app(inner: Any, **options: Any) -> FastAPI:
    app = FastAPI(**options)

    @app.get("/mine")
    async def mine() -> str:
        return "mine"

    app.mount("/api", inner)
    return app


@pytest.fixture(scope="module")
def runtime(started: Any) -> Runtime:
    return started(ACTIONS, **SETTINGS)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def client(runtime: Runtime) -> Iterator[httpx.Client]:
    """Servey mounted, and nothing more said."""
    with running(outer_app(create_app(runtime))) as client:
        yield client


def test_actions_and_health_need_no_lifespan(client: httpx.Client) -> None:
    assert client.get("/mine").json() == "mine"
    assert client.get("/api/actions/say-hello?name=x").json() == "Hello x!"
    assert client.post("/api/actions/say-hello", json={"name": "y"}).json() == "Hello y!"
    assert client.get("/api/greet/a%2Fb").json() == "Hello a/b!"
    assert client.get("/api/readyz").json()["status"] == "ready"


def test_inside_nothing_is_a_problem_and_outside_it_is_the_outer_applications(
    client: httpx.Client,
) -> None:
    inside, outside = client.get("/api/nowhere"), client.get("/nowhere")
    assert (inside.status_code, outside.status_code) == (404, 404)
    assert inside.headers["content-type"] == "application/problem+json"
    assert outside.json() == {"detail": "Not Found"}
    assert client.get("/actions/say-hello?name=x").status_code == 404
    assert client.get("/apiactions/say-hello?name=x").status_code == 404
    other = client.delete("/api/actions/say-hello")
    assert (other.status_code, other.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_the_protections_are_there(client: httpx.Client) -> None:
    answer = client.get("/api/actions/say-hello?name=x")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "x-content-type-options" not in client.get("/mine").headers
    evil = client.get("/api/actions/say-hello?name=x", headers={"Host": "evil.example"})
    assert evil.status_code == 400
    assert client.post("/api/actions/say-hello", content=b" " * 1001).status_code == 413
    assert client.get("/api/livez", headers={"Host": "10.0.0.7"}).status_code == 200
    refused = client.get("/api/actions/secret")
    assert (refused.status_code, refused.headers["www-authenticate"][:6]) == (401, "Bearer")
    assert refused.json()["instance"].endswith(refused.headers["x-request-id"])


def test_the_documents_know_where_they_are(client: httpx.Client) -> None:
    assert client.get("/api/openapi.json").json()["servers"] == [{"url": "/api"}]
    page = client.get("/api/docs")
    assert page.status_code == 200
    addresses = re.findall(r'(?:src|href|data-document)="([^"]+)"', page.text)
    assert len(addresses) >= 5
    for address in addresses:
        assert client.get(str(page.url.join(address))).status_code == 200, address


def test_websockets_are_refused_where_there_is_nothing(client: httpx.Client) -> None:
    url = str(client.base_url).replace("http", "ws")
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{url}/api/actions/say-hello")
    assert refused.value.response.status_code == 403
    with connect(f"{url}/api/echo") as websocket:
        websocket.send("hello")
        assert websocket.recv(PATIENCE) == "hello"


def test_a_websocket_to_another_host_is_turned_away(client: httpx.Client) -> None:
    address = (client.base_url.host, client.base_url.port)
    for host, status in ((b"localhost", 101), (b"evil.example", 403)):
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.sendall(HANDSHAKE % host)
            assert status_of(connection) == status


def test_a_path_that_a_proxy_strips_stands_before_the_mounts(runtime: Runtime) -> None:
    with running(outer_app(create_app(runtime)), root_path="/proxy") as client:
        assert client.get("/api/actions/say-hello?name=x").json() == "Hello x!"
        assert client.get("/api/greet/a%2Fb").json() == "Hello a/b!"
        assert client.get("/api/shop").status_code == 200
        document = client.get("/api/openapi.json").json()
        assert document["servers"] == [{"url": "/proxy/api"}]
        flow = document["components"]["securitySchemes"]["debug_login"]["flows"]["password"]
        assert flow["tokenUrl"] == "/proxy/api/debug/login"


def test_it_may_be_mounted_at_the_root(runtime: Runtime) -> None:
    app = FastAPI(openapi_url=None)  # else it is the outer application's
    app.mount("/", create_app(runtime))
    with running(app) as client:
        assert client.get("/actions/say-hello?name=x").json() == "Hello x!"
        assert client.get("/openapi.json").json()["paths"]


@pytest.mark.parametrize("url", ["postgres://localhost", "sqlite:///", "memory:x"])
def test_a_state_that_cannot_be_is_told_at_start(started: Any, url: str) -> None:
    with pytest.raises(SettingsError, match="SERVEY_STATE"):
        create_app(started([], state=url))


def test_middleware_of_the_outer_application_goes_around_it(runtime: Runtime) -> None:
    app = outer_app(create_app(runtime))

    @app.middleware("http")
    async def mark(request: Request, call_next: Callable[[Request], Any]) -> Response:
        response: Response = await call_next(request)
        response.headers["X-Marked"] = "yes"
        return response

    with running(app) as client:
        assert client.get("/api/shop").headers["x-marked"] == "yes"
        address = (client.base_url.host, client.base_url.port)
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.sendall(LATE)
            assert status_of(connection) == 100  # the body is waited for
            connection.sendall(b'{"name": "x"}')
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"x-marked: yes" in answer
        assert answer.endswith(b'"Hello x!"')


def test_lifespans_of_routers_are_run_where_the_outer_application_is_told(
    runtime: Runtime,
) -> None:
    inner = create_app(runtime)
    moments.clear()
    with running(outer_app(inner, lifespan=lifespan_of(inner))) as client:
        assert client.get("/api/shop").json() == ["open", None]
        assert moments == ["open"]
    assert moments == ["open", "closed"]


def test_a_lifespan_of_the_outer_applications_own_can_enter_it(runtime: Runtime) -> None:
    inner = create_app(runtime)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Any]]:
        async with lifespan_of(inner)(app):
            yield {"outer": "too"}

    with running(outer_app(inner, lifespan=lifespan)) as client:
        assert client.get("/api/shop").json() == ["open", "too"]


def test_the_fastapi_application_alone_can_be_mounted_too(runtime: Runtime) -> None:
    inner = fastapi_app(runtime)
    app = outer_app(inner, lifespan=inner.router.lifespan_context)
    with running(app) as client:
        answer = client.get("/api/actions/say-hello?name=x")
        assert answer.json() == "Hello x!"
        assert "x-content-type-options" not in answer.headers
        assert client.get("/api/openapi.json").json()["servers"] == [{"url": "/api"}]
        assert client.get("/api/nowhere").json()["title"] == "Not found"
        assert client.get("/api/shop").json() == ["open", None]
