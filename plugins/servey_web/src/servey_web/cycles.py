"""Bodies and answers handed over whole, where a request comes straight from uvicorn's protocol.

ASGI has a body received, and an answer sent, by one coroutine for each message. Where nothing
stands between uvicorn and us, what it has read is taken from where it lies, and an answer is
written at once: one write instead of two, and what each response carries is put together once.
This costs a third of what ASGI's messages do.

Only this module knows uvicorn's insides here: where they are not as expected, it finds no cycle.
"""

import re
from typing import Any

from starlette.types import Receive, Send

from servey_web.responses import RawHeaders

try:
    from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
    from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
except ImportError:  # httptools is missing, or this uvicorn is another
    _Cycle: type | None = None
else:
    _KNOWN = {
        "body",
        "default_headers",
        "disconnected",
        "flow",
        "keep_alive",
        "message_event",
        "more_body",
        "on_response",
        "response_complete",
        "response_started",
        "transport",
        "waiting_for_100_continue",
    }
    """What a cycle must have for this to work."""
    _Cycle = RequestResponseCycle
    if not _KNOWN.issubset(RequestResponseCycle.__init__.__code__.co_names):
        _Cycle = None

_ILLEGAL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_CLOSE = b"connection: close\r\n"
_SMALL = 16 * 1024
"""Up to this length, copying a body costs less than writing it by itself."""


def cycle_of(receive: Receive, send: Send) -> Any | None:
    """Uvicorn's side of a request, where `receive` and `send` are its own; else None."""
    cycle = getattr(send, "__self__", None)
    if type(cycle) is not _Cycle or getattr(receive, "__self__", None) is not cycle:
        return None
    return cycle


def field_lines(fields: RawHeaders) -> bytes:
    """Header fields as they are written."""
    return b"".join(b"%b: %b\r\n" % field for field in fields)


def taken_body(cycle: Any) -> bytes | None:
    """The body of a request, where all of it has arrived; it is the caller's then."""
    if cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
        return None
    body = bytes(cycle.body)
    if len(body) > HIGH_WATER_LIMIT:
        cycle.flow.resume_reading()
    cycle.body = bytearray()
    cycle.message_event.clear()
    return body


Head = tuple[int, RawHeaders, bytes, bytes]
"""An answer's head: its status; its own fields, with names in lower case, `Content-Length` among
them unless the status says that there is no body; what each response carries, as `field_lines`
writes it; and the request's id."""


def answered(cycle: Any, head: Head, body: bytes) -> bool:
    """Write an answer, where that can be done at once.

    Args:
        cycle: What `cycle_of` gave, for a request that is not HEAD.
        head: The head.
        body: The body.

    Returns:
        Whether it is written; if not, nothing is.

    Raises:
        ValueError: A field has a character that it cannot have (RFC 9110, section 5.5).
    """
    if cycle.flow.write_paused or cycle.disconnected or cycle.response_started:
        return False
    status, fields, common, identity = head
    lines = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *fields):
        if _ILLEGAL.search(value):
            raise ValueError(f"The header {name.decode()} has a control character.")
        lines += (name, b": ", value, b"\r\n")
    lines += (common, b"x-request-id: ", identity, b"\r\n")
    if not cycle.keep_alive:
        lines.append(_CLOSE)
    lines.append(b"\r\n")
    cycle.response_started = cycle.response_complete = True
    transport = cycle.transport
    if len(body) <= _SMALL:
        lines.append(body)
        transport.write(b"".join(lines))
    else:
        transport.write(b"".join(lines))
        transport.write(body)
    cycle.message_event.set()
    if not cycle.keep_alive:
        transport.close()
    cycle.on_response()
    return True
