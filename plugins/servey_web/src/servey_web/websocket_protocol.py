"""Uvicorn's websocket protocol, with bounds on what makes a server keep much for little.

Only this module knows its insides: a test pins them, and where they are not there, uvicorn's own
protocol serves.
"""

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

REQUIRED = ("handle_cont", "handle_ping", "handle_parser_exception", "resume_writing")
"""The methods that uvicorn's protocol must have for this one to work."""

MAX_FRAGMENTS = 1000
"""In how many frames a message may come: an empty one counts as nothing in its size."""


def bounded_websockets() -> type[WebSocketsSansIOProtocol] | None:
    """The protocol for uvicorn's `ws`; None where the installed uvicorn is not as expected."""
    known = all(callable(getattr(WebSocketsSansIOProtocol, name, None)) for name in REQUIRED)
    return BoundedWebSockets if known else None


class BoundedWebSockets(WebSocketsSansIOProtocol):
    """One websocket."""

    def handle_cont(self, event: Frame) -> None:
        """Take a further frame of a message."""
        if self.close_sent:
            return
        if len(self.frames) < MAX_FRAGMENTS:
            super().handle_cont(event)
            return
        self.frames = []
        self.conn.fail(CloseCode.MESSAGE_TOO_BIG, "too many fragments")
        self.handle_parser_exception()

    def handle_ping(self) -> None:
        """Answer, and read no more as long as the client does not take the answers."""
        super().handle_ping()
        if not self.writable.is_set():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading too."""
        super().resume_writing()
        if not self.read_paused:
            self.transport.resume_reading()
