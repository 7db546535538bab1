"""Uvicorn's HTTP protocol, with bounds on the size and the time of a request's headers.

Uvicorn has no such bounds for httptools. Only this module knows its insides: a test pins them, and
where they are not there, uvicorn's own protocol serves.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from servey_core.errors import BadRequest, HeadersTooLarge, ProblemError, RequestTimeout
from servey_core.problems import Problem, new_instance
from servey_web.responses import as_http
from servey_web.settings import WebSettings

_log = logging.getLogger("servey.web")
_LINGER_SECONDS = 1.0
_LINGER_BYTES = 1024 * 1024

REQUIRED = (
    "connection_made",
    "connection_lost",
    "data_received",
    "on_headers_complete",
    "on_body",
    "send_400_response",
)
"""The methods that uvicorn's protocol must have for this one to work."""


def bounded_protocol(settings: WebSettings) -> type[HttpToolsProtocol] | None:
    """The protocol for uvicorn's `http`; None where the installed uvicorn is not as expected."""
    if not all(callable(getattr(HttpToolsProtocol, name, None)) for name in REQUIRED):
        return None
    bounds = {
        "max_header_bytes": settings.max_header_bytes,
        "header_timeout": settings.header_timeout,
    }
    return type("ConfiguredBoundedProtocol", (BoundedProtocol,), bounds)


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        max_header_bytes: The largest header section; also the most that may arrive without a
            header section or a part of a body being complete, so that trailers and chunk
            extensions are bounded too.
        header_timeout: How long a header section may take, in seconds.
    """

    max_header_bytes = 64 * 1024
    header_timeout = 10.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._quiet = 0
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: ProblemError | None = None
        self._lingering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come; the timer runs only while a header section is incomplete."""
        self._quiet += len(data)
        if self._lingering:
            self._linger()
            return
        super().data_received(data)
        if self._lingering:
            return
        if self._quiet > self.max_header_bytes:
            self._refuse(self._too_large())
        elif self._awaits_headers():
            self._arm()
        elif self._timer is not None:
            self._disarm()

    def on_headers_complete(self) -> None:
        """Start the request, with its trailers, if there are any, kept apart from its headers."""
        if self._quiet > self.max_header_bytes and self._section() > self.max_header_bytes:
            self._refusal = self._too_large()
            raise self._refusal
        self._quiet = 0
        super().on_headers_complete()
        if not self.parser.should_upgrade():
            self.headers = []

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._quiet = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, or was refused while it was."""
        self._refuse(self._refusal or BadRequest(msg))

    def _section(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _too_large(self) -> HeadersTooLarge:
        limit = self.max_header_bytes
        return HeadersTooLarge(f"The request's headers are larger than {limit} bytes.", limit=limit)

    def _awaits_headers(self) -> bool:
        """Whether the caller owes us a header section, and no timer of uvicorn's is running."""
        if self.scope is None or "method" not in self.scope:
            return True
        answered = self.cycle is not None and self.cycle.response_complete
        return answered and self.timeout_keep_alive_task is None

    def _arm(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(self.header_timeout, self._too_slow)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self._quiet:
            self._refuse(RequestTimeout("The request's headers came too slowly."))
        else:
            self.transport.close()

    def _linger(self) -> None:
        """Let pass what was on its way when we refused it, but no more."""
        if self._quiet > _LINGER_BYTES:
            self.transport.abort()

    def _refuse(self, error: ProblemError) -> None:
        """Answer, and stop reading; what still comes is let pass, so that the answer is read."""
        self._disarm()
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()
        if self.transport.is_closing():
            return
        self._lingering = True
        self._quiet = 0
        problem = Problem.of(error, instance=new_instance())
        _log.info("refused %s: %s (%s)", self.client, problem.detail, problem.instance)
        self.transport.write(as_http(problem, self.server_state.default_headers))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)
