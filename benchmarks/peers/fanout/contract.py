"""What every server of the fan-out does: a websocket for each client, and a way to publish."""

import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

CHANNEL = "messenger"
PUBLISH = "/publish"
"""Where `{"size": …, "count": …}` is posted to have events published, all at once."""

MARK = "!"
"""Stands once in each event and nowhere else, so that clients need not read frames."""

_DIGITS = 19
_AROUND = len(json.dumps({"at": 10 ** (_DIGITS - 1), "text": MARK}, separators=(",", ":")))

Publish = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[..., Awaitable[None]]


def event(size: int, at: int) -> dict[str, Any]:
    """An event that takes so many bytes as JSON.

    Args:
        size: The bytes.
        at: When it was to be published, in nanoseconds: all of a burst at once, however long each
            keeps the next one waiting.
    """
    return {"at": at, "text": text(size)}


def text(size: int) -> str:
    """The text of an event that takes so many bytes as JSON."""
    return MARK + "x" * (size - _AROUND)


class PublishingApp:
    """An ASGI application that publishes when it is asked to, before one that has websockets.

    Args:
        publish: Gives an event to all clients.
        app: The application with the websockets.
    """

    def __init__(self, publish: Publish, app: Application) -> None:
        self._publish = publish
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = json.loads((await receive())["body"])
        now = time.time_ns()
        for _ in range(wanted["count"]):
            await self._publish(event(wanted["size"], now))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
