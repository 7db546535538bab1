"""The uvicorn server, as a service in an event loop that somebody else owns."""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from socket import socket
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp

from servey_core.errors import ServiceError
from servey_core.services import ServiceContext
from servey_core.settings import CoreSettings
from servey_web.lifecycle import Lifecycle
from servey_web.settings import WebSettings

_log = logging.getLogger("servey.web")
_LAST_WORDS = 0.5


class Server(uvicorn.Server):
    """Uvicorn's server, which leaves signals alone, and says when it has started.

    Args:
        config: Uvicorn's configuration.
        on_started: Called once connections are accepted.
    """

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever owns the event loop."""
        yield

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start, and say so."""
        await super().startup(sockets)
        self._on_started()

    async def run_on(self, sockets: Sequence[socket]) -> None:
        """Serve until `should_exit` is set.

        Raises:
            ServiceError: The application's own start-up failed; the log has the reason.
        """
        try:
            await self.serve(list(sockets))
        except SystemExit:
            raise ServiceError("The application did not start; the log has the reason.") from None

    async def hang_up(self, seconds: float) -> None:
        """Give what was cancelled a moment for its last words, then close every connection."""
        if tasks := set(self.server_state.tasks):
            await asyncio.wait(tasks, timeout=seconds)
        for connection in list(self.server_state.connections):
            if (transport := connection.transport) is not None:
                transport.abort()


async def serve(
    app: ASGIApp,
    context: ServiceContext,
    *,
    core: CoreSettings,
    settings: WebSettings,
    lifecycle: Lifecycle,
) -> None:
    """Serve an application until `context.stop` is set, and what is under way then has ended.

    After the stop, connections are accepted for `drain_seconds` more, while `/readyz` says 503;
    then requests under way have what is left of the grace time, and are cut with a 503.

    Args:
        app: The application, protected.
        context: The stop, the grace time and the sockets.
        core: The core's settings.
        settings: The web host's settings.
        lifecycle: What tells the application where the server is in its life.

    Raises:
        ServiceError: The application's own start-up failed.
    """

    def started() -> None:
        lifecycle.started.set()
        context.started()

    drain, grace, last_words = _shares(context.grace_seconds, settings.decided(core))
    config = uvicorn_config(app, settings, grace_seconds=grace)
    server = Server(config, started)
    running = asyncio.ensure_future(server.run_on(context.sockets))
    stopping = asyncio.ensure_future(context.stop.wait())
    try:
        await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
        lifecycle.draining = True
        if not running.done():
            await asyncio.wait((running,), timeout=drain)
        server.should_exit = True
        lifecycle.leaving.set()
        await running
        await server.hang_up(last_words)
    finally:
        stopping.cancel()
        running.cancel()
        for opened in context.sockets:
            opened.close()


def uvicorn_config(
    app: ASGIApp, settings: WebSettings, *, grace_seconds: float = 0.0
) -> uvicorn.Config:
    """Uvicorn's configuration: nothing logged, nobody believed, everything bounded.

    Args:
        app: The application, protected; it does the access log, proxies and concurrency itself.
        settings: The web host's settings.
        grace_seconds: How long requests under way have after a stop.
    """
    return uvicorn.Config(
        app,
        http=_http_protocol(settings),
        ws=_websocket_protocol(),
        ws_max_size=settings.websocket_max_bytes,
        ws_ping_interval=settings.websocket_ping_seconds,
        ws_ping_timeout=settings.websocket_ping_seconds,
        ws_per_message_deflate=False,
        lifespan="on",
        interface="asgi3",
        log_config=None,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        root_path=settings.root_path,
        workers=1,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=cast("int", grace_seconds),  # it waits for a float as well
        h11_max_incomplete_event_size=settings.max_header_bytes,
    )


def _http_protocol(settings: WebSettings) -> Any:
    """The bounded protocol, or the name of one of uvicorn's own where it cannot be had."""
    try:
        from servey_web.protocols import bounded_protocol  # httptools may be missing
    except ImportError:
        _log.warning("httptools is not installed: headers that come slowly are not bounded")
        return "h11"
    if (protocol := bounded_protocol(settings)) is None:
        _log.warning("this uvicorn is not known: large headers and slow ones are not bounded")
        return "h11"
    return protocol


def _websocket_protocol() -> Any:
    """The bounded protocol, or the name of uvicorn's own where this uvicorn is not known."""
    from servey_web.websocket_protocol import bounded_websockets

    if (protocol := bounded_websockets()) is None:
        _log.warning("this uvicorn is not known: fragments and pings of websockets are not bounded")
        return "websockets-sansio"
    return protocol


def _shares(grace_seconds: float, settings: WebSettings) -> tuple[float, float, float]:
    """Divide the grace time: to drain, to finish, and for last words and uvicorn's own pauses."""
    last_words = min(_LAST_WORDS, grace_seconds / 4)
    drain = min(settings.drain_seconds or 0.0, grace_seconds / 2)
    return drain, max(0.0, grace_seconds - drain - 2 * last_words), last_words
