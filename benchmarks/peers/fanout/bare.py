"""The limit: each event is made a frame once, which is written to each transport in a loop."""

import json
import struct
from typing import Any

from peers.fanout.contract import Application, PublishingApp

_TEXT = 0x81


def application() -> Application:
    """ASGI by hand; it reaches into uvicorn's protocol, and has no protection at all."""
    transports: set[Any] = set()

    async def connect(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        await receive()
        await send({"type": "websocket.accept"})
        transport = send.__self__.transport
        transports.add(transport)
        while (await receive())["type"] != "websocket.disconnect":
            pass
        transports.discard(transport)

    async def publish(event: dict[str, Any]) -> None:
        frame = _frame(json.dumps(event, separators=(",", ":")).encode())
        for transport in transports:
            transport.write(frame)

    return PublishingApp(publish, connect)


def _frame(text: bytes) -> bytes:
    if len(text) < 126:
        return bytes((_TEXT, len(text))) + text
    return struct.pack("!BBH", _TEXT, 126, len(text)) + text
