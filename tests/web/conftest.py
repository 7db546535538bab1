"""A real server, in a thread of its own, on a real socket."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send
from waiting import PATIENCE

from servey_core.services import ServiceContext
from servey_core.settings import CoreSettings
from servey_web.lifecycle import Lifecycle
from servey_web.protection import protect
from servey_web.server import serve
from servey_web.settings import WebSettings
from servey_web.sockets import open_sockets


@dataclass
class RunningServer:
    """A server that runs in another thread."""

    app: ASGIApp
    web: WebSettings
    core: CoreSettings
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    ended: "Future[None]" = field(default_factory=Future)
    port: int = 0

    def start(self) -> None:
        """Start, and wait until connections are accepted."""
        self._sockets = open_sockets("127.0.0.1", 0)
        self.port = self._sockets[0].getsockname()[1]
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._started.wait(PATIENCE)

    def ask_to_stop(self) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)

    def call(self, function: Callable[[], None]) -> None:
        """Call a function in the server's event loop."""
        self.loop.call_soon_threadsafe(function)

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=PATIENCE, trust_env=False, **options
        )

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def exchange(self, request: bytes) -> bytes:
        """Send bytes, and read until the server hangs up."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_to_end(connection)

    @staticmethod
    def read_response(connection: socket.socket) -> bytes:
        """Read one response that has a Content-Length."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += _some(connection)
        head, _, body = received.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += _some(connection)
        return head + b"\r\n\r\n" + body

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - the test's thread raises it
            self.ended.set_exception(error)
            self._started.set()
        else:
            self.ended.set_result(None)

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        context = ServiceContext(
            self._stop, self.core.grace_seconds, self._sockets, self._started.set
        )
        app = protect(self.app, self.core, self.web, self.lifecycle)
        await serve(app, context, core=self.core, settings=self.web, lifecycle=self.lifecycle)


def _some(connection: socket.socket) -> bytes:
    received = connection.recv(65536)
    assert received, "the server hung up"
    return received


def read_to_end(connection: socket.socket) -> bytes:
    received = []
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            break
        if not part:
            break
        received.append(part)
    return b"".join(received)


def http_app(handler: Callable[[Scope, Receive, Send], Any]) -> ASGIApp:
    """An application that knows the lifespan, and leaves requests to `handler`."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await handler(scope, receive, send)
            return
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})

    return app


@pytest.fixture(scope="session")
def stopping_servers() -> Iterator[list[RunningServer]]:
    """Servers that were asked to stop; all must have, without an error, by the end."""
    servers: list[RunningServer] = []
    yield servers
    for server in servers:
        server.ended.result(PATIENCE)


@pytest.fixture
def run_server(stopping_servers: list[RunningServer]) -> Iterator[Callable[..., RunningServer]]:
    """Start servers, which are asked to stop when the test ends."""
    servers: list[RunningServer] = []

    def run(
        handler: Callable[[Scope, Receive, Send], Any],
        core: CoreSettings | None = None,
        **web: Any,
    ) -> RunningServer:
        core = core or CoreSettings(grace_seconds=2)
        server = RunningServer(http_app(handler), WebSettings(**web), core)
        server.start()
        servers.append(server)
        return server

    yield run
    for server in servers:
        if not server.ended.done():
            server.ask_to_stop()
    stopping_servers.extend(servers)
