"""FastAPI with `broadcaster`, in memory: a subscription for each websocket, as it is advised."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from broadcaster import Broadcast
from fastapi import FastAPI, WebSocket

from peers.fanout.contract import CHANNEL, Application, PublishingApp


def application() -> Application:
    """Each websocket is sent what comes of its subscription."""
    broadcast = Broadcast("memory://")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with broadcast:
            yield

    app = FastAPI(lifespan=lifespan)

    @app.websocket("/ws")
    async def connect(websocket: WebSocket) -> None:
        await websocket.accept()
        async with broadcast.subscribe(channel=CHANNEL) as subscriber:
            async for event in subscriber:
                await websocket.send_text(event.message)

    async def publish(event: dict[str, Any]) -> None:
        await broadcast.publish(CHANNEL, json.dumps(event, separators=(",", ":")))

    return PublishingApp(publish, app)
