"""Uvicorn's HTTP protocol, with bounds on the size and the time of a request's headers.

It answers each request that it refuses, in its turn, and hangs up on who takes no answer. Uvicorn
has none of this. Only this module knows its insides: a test pins them, and where they are not
there, uvicorn's own protocol serves.
"""

import asyncio
import logging
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from servey_core.errors import (
    BadRequest,
    HeadersTooLarge,
    ProblemError,
    RequestTimeout,
    UriTooLong,
)
from servey_core.problems import Problem, new_instance
from servey_web.bodies import PATIENCE, Patience
from servey_web.framing import dubious, has_body
from servey_web.hardening import security_headers
from servey_web.responses import RawHeaders, ResponseCut, as_http
from servey_web.settings import WebSettings
from servey_web.slow_readers import SlowReaderGuard

_log = logging.getLogger("servey.web")
_uvicorn_log = logging.getLogger("uvicorn.error.servey")
_LINGER_SECONDS = 1.0
_LINGER_BYTES = 1024 * 1024

REQUIRED = (
    "connection_made",
    "connection_lost",
    "data_received",
    "on_headers_complete",
    "on_body",
    "on_response_complete",
    "pause_writing",
    "resume_writing",
    "send_400_response",
)
"""The methods that uvicorn's protocol must have for this one to work."""


def bounded_protocol(settings: WebSettings) -> type[HttpToolsProtocol] | None:
    """The protocol for uvicorn's `http`; None where the installed uvicorn is not as expected."""
    if not all(callable(getattr(HttpToolsProtocol, name, None)) for name in REQUIRED):
        return None
    _uvicorn_log.addFilter(_is_no_cut)
    _uvicorn_log.setLevel(logging.WARNING)  # as uvicorn's own; it looks at this one's alone
    bounds = {
        "max_header_bytes": settings.max_header_bytes,
        "header_timeout": settings.header_timeout,
        "patience": Patience.of(settings),
        "added_headers": security_headers(settings),
    }
    return type("ConfiguredBoundedProtocol", (BoundedProtocol,), bounds)


class BoundedProtocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        max_header_bytes: The largest header section; also the most that may arrive without a
            header section or a part of a body being complete, so that trailers and chunk
            extensions are bounded too.
        header_timeout: How long a header section may take, in seconds.
        patience: How long a caller may take nothing of a response.
        added_headers: What a refusal carries as every response does.
    """

    max_header_bytes = 64 * 1024
    header_timeout = 10.0
    patience = PATIENCE
    added_headers: RawHeaders = []  # noqa: RUF012 - it is never changed

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.logger = _uvicorn_log
        self._quiet = 0
        self._latest = 0
        self._most = 0  # what may have come of the header section that is under way
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: ProblemError | None = None
        self._lingering = False
        self._slow_reader = SlowReaderGuard(self.loop, self.patience, self._give_up)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._disarm()
        self._slow_reader.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what has come; the timer runs only while a header section is incomplete."""
        self._latest = len(data)
        self._quiet += self._latest
        self._most += self._latest
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
        refusal = self._refusal_of_head()
        if refusal is not None:
            self._refusal = refusal
            raise refusal
        self._begin_anew()
        super().on_headers_complete()
        if self.parser.should_upgrade():
            return
        self.headers = []
        if self.expect_100_continue:
            self.cycle.keep_alive = False  # whether a body follows is up to the caller

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._begin_anew()
        super().on_body(body)

    def on_response_complete(self) -> None:
        """Go on with the next request, or refuse what came after the last one."""
        refusal = None if self.pipeline else self._refusal
        super().on_response_complete()
        if refusal is not None:
            self._hang_up(refusal)

    def pause_writing(self) -> None:
        """Hold the response back, and look whether the caller takes what is on its way."""
        super().pause_writing()
        self._slow_reader.watch(self.transport)

    def resume_writing(self) -> None:
        """Go on with the response."""
        self._slow_reader.stop()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answer what cannot be parsed, or was refused while it was."""
        self._refuse(self._refusal or BadRequest(msg))

    def _refusal_of_head(self) -> ProblemError | None:
        if self._most > self.max_header_bytes and self._section() > self.max_header_bytes:
            return self._too_large()
        if self.parser.should_upgrade() and has_body(self.headers):
            # The parser would take the body for the next request.
            return BadRequest("A request with a body cannot ask for an upgrade: leave Upgrade out.")
        return dubious(self.url, self.parser.get_http_version(), self.headers)

    def _begin_anew(self) -> None:
        self._quiet = 0
        self._most = self._latest  # the next section may begin anywhere in what came last

    def _section(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _too_large(self) -> ProblemError:
        limit = self.max_header_bytes
        if len(self.url) > limit:
            return UriTooLong(f"The request's target is longer than {limit} bytes.", limit=limit)
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

    def _give_up(self) -> None:
        _log.info("hung up on %s: it does not take the response", self.client)
        self.transport.abort()

    def _linger(self) -> None:
        """Let pass what was on its way when we refused it, but no more."""
        if self._quiet > _LINGER_BYTES:
            self.transport.abort()

    def _refuse(self, error: ProblemError) -> None:
        """Stop reading, and answer, each request in its turn.

        What still comes is let pass, so that the answer is read.
        """
        self._disarm()
        self._lingering = True
        self._quiet = 0
        cycle = self.cycle
        if cycle is None or cycle.response_complete:
            self._hang_up(error)
        elif not cycle.more_body:
            self._refusal = error  # what came before it is answered first
        elif self.pipeline:
            self.pipeline.popleft()
            self._refusal = error
        elif cycle.response_started:
            self.transport.close()
        else:
            cycle.disconnected = True
            cycle.message_event.set()
            self._hang_up(error)

    def _hang_up(self, error: ProblemError) -> None:
        if self.transport.is_closing():
            return
        problem = Problem.of(error, instance=new_instance())
        _log.info("refused %s: %s (%s)", self.client, problem.detail, problem.instance)
        identity = (b"x-request-id", problem.instance.rpartition(":")[2].encode())
        headers = [*self.server_state.default_headers, *self.added_headers, identity]
        to_head = self.parser.get_method() == b"HEAD"
        self.transport.write(as_http(problem, headers, to_head=to_head))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._timer = self.loop.call_later(_LINGER_SECONDS, self.transport.close)


def _is_no_cut(record: logging.LogRecord) -> bool:
    """Whether a record tells of anything but a response that was cut, which is no news."""
    return not (record.exc_info and isinstance(record.exc_info[1], ResponseCut))
