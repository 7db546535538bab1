"""Answers: problems and JSON as ASGI messages, and problems as plain HTTP/1.1 bytes."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from starlette.types import Scope, Send

from servey_core.errors import ServeyError
from servey_core.problems import PROBLEM_CONTENT_TYPE, Problem

RawHeaders = list[tuple[bytes, bytes]]
Refuse = Callable[[Problem, Scope, Send], Awaitable[None]]
"""Answers a request by a problem, in JSON or otherwise."""

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_OURS = frozenset((b"connection", b"content-length", b"content-type", b"transfer-encoding"))
"""Fields of a problem's response that whoever raises it cannot set."""


class ResponseCut(ServeyError):  # noqa: N818 - it is no error of the server's
    """A response cannot be finished; raised out of the application, it ends the connection.

    An end of its own would tell the caller that the response is whole (RFC 9112, section 8).
    """


def raw_headers(headers: Mapping[str, str]) -> RawHeaders:
    """Header fields as bytes that no server stumbles over (RFC 9110, section 5.5).

    A name that is no token is left out; controls in a value, line breaks among them, become one
    space, and what is beyond ISO 8859-1 a question mark.
    """
    return [
        (
            name.lower().encode("ascii"),
            _CONTROLS.sub(" ", value).strip().encode("latin-1", "replace"),
        )
        for name, value in headers.items()
        if _NAME.fullmatch(name)
    ]


def problem_headers(problem: Problem) -> RawHeaders:
    """The header fields that go with a problem, beside those that its body makes necessary."""
    return [field for field in raw_headers(problem.headers) if field[0] not in _OURS]


async def respond(send: Send, problem: Problem) -> None:
    """Answer with a problem, as `application/problem+json`."""
    headers = problem_headers(problem)
    await respond_bytes(
        send, problem.status, PROBLEM_CONTENT_TYPE.encode(), problem.to_json(), headers
    )


async def refuse_in_json(problem: Problem, scope: Scope, send: Send) -> None:  # noqa: ARG001
    """Answer any request with a problem as JSON."""
    await respond(send, problem)


async def respond_json(
    send: Send, status: int, value: Any, headers: Sequence[tuple[bytes, bytes]] = ()
) -> None:
    """Answer with a JSON value."""
    await respond_bytes(send, status, b"application/json", json.dumps(value).encode(), headers)


async def respond_bytes(
    send: Send,
    status: int,
    content_type: bytes,
    body: bytes,
    headers: Sequence[tuple[bytes, bytes]] = (),
) -> None:
    """Answer with a whole body."""
    fields = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


def as_http(
    problem: Problem, headers: Sequence[tuple[bytes, bytes]] = (), *, to_head: bool = False
) -> bytes:
    """A problem as one HTTP/1.1 response that closes its connection.

    Args:
        problem: The problem.
        headers: Further header fields.
        to_head: Whether it answers HEAD, and so goes without its body.
    """
    body = problem.to_json()
    fields = [
        *headers,
        (b"content-type", PROBLEM_CONTENT_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        *problem_headers(problem),
    ]
    phrase = HTTPStatus(problem.status).phrase
    head = b"".join(b"%b: %b\r\n" % field for field in fields)
    sent = b"" if to_head else body
    return b"HTTP/1.1 %d %b\r\n%b\r\n%b" % (problem.status, phrase.encode(), head, sent)
