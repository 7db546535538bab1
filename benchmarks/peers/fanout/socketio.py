"""python-socketio: an event for all who are connected."""

from typing import Any

import socketio

from peers.fanout.contract import CHANNEL, Application, PublishingApp

_NEVER = 3600


def application() -> Application:
    """A server for websockets alone, which asks nobody whether they are there."""
    server = socketio.AsyncServer(
        async_mode="asgi", transports=["websocket"], ping_interval=_NEVER, ping_timeout=_NEVER
    )

    async def publish(event: dict[str, Any]) -> None:
        await server.emit(CHANNEL, event)

    return PublishingApp(publish, socketio.ASGIApp(server))
