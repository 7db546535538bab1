"""Server-sent events (HTML Living Standard, section 9.2), for as long as both sides are there."""

import asyncio
import time
from collections.abc import AsyncGenerator

from starlette.types import Receive, Scope, Send

from servey_core import Authorization
from servey_web.scopes import leave_count, leaving_of

HEARTBEAT_SECONDS = 15.0
"""How often a client that gets nothing is sent a comment, so that both know of each other."""

_HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
_COMMENT = b":\n\n"


async def send_event_stream(
    chunks: AsyncGenerator[bytes],
    authorization: Authorization | None,
    scope: Scope,
    receive: Receive,
    send: Send,
) -> None:
    """Answer by server-sent events, until there are no more, or one side leaves.

    A request that is answered so counts no longer among those under way (`SERVEY_MAX_CONCURRENCY`):
    whoever streams has a limit of its own.

    Args:
        chunks: What is sent, each as it comes; the first one has to come at once.
        authorization: Who asked: when that expires, the stream ends.
        scope: The request.
        receive: ASGI's.
        send: ASGI's.
    """
    leave_count(scope)
    await send({"type": "http.response.start", "status": 200, "headers": [*_HEADERS]})
    gone = asyncio.ensure_future(_gone(receive))
    leaving = asyncio.ensure_future(leaving_of(scope).wait())
    coming = asyncio.ensure_future(_next(chunks))
    deadline = _deadline(authorization)
    try:
        while (left := deadline - time.time()) > 0:
            await asyncio.wait(
                (gone, leaving, coming),
                timeout=min(HEARTBEAT_SECONDS, left),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if gone.done() or leaving.done():
                break
            chunk: bytes | None = _COMMENT
            if coming.done():
                chunk = coming.result()
                if chunk is None:
                    break
                coming = asyncio.ensure_future(_next(chunks))
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        for waiting in (gone, leaving, coming):
            waiting.cancel()
        await asyncio.wait((gone, leaving, coming))
        await chunks.aclose()
    await send({"type": "http.response.body", "body": b""})


async def _next(chunks: AsyncGenerator[bytes]) -> bytes | None:
    """The next chunk; None after the last."""
    return await anext(chunks, None)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _deadline(authorization: Authorization | None) -> float:
    """Until when the client may listen."""
    expires_at = authorization.expires_at if authorization else None
    return float("inf") if expires_at is None else expires_at.timestamp()
