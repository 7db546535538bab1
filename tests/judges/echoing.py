"""Servers that say what they hear: uvicorn alone, and as Servey serves and writes.

Run with `bare` or `servey`, and the number of the socket to listen on.
"""

import socket
import sys
from typing import Any

import uvicorn

from servey_channels.hub.batches import Batch, Outgoing
from servey_channels.sockets.writers import writer_of
from servey_core import start
from servey_web import web_settings
from servey_web.server import uvicorn_config

MOST = 1024 * 1024


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Say what is heard, as ASGI has it."""
    await _accept(scope, receive, send)
    while (message := await receive())["type"] == "websocket.receive":
        await send({**message, "type": "websocket.send"})


async def servey(scope: Any, receive: Any, send: Any) -> None:
    """Say texts as channels say events; they have no bytes."""
    await _accept(scope, receive, send)
    writer = writer_of(send, MOST)
    while (message := await receive())["type"] == "websocket.receive":
        if (text := message.get("text")) is None:
            await send({**message, "type": "websocket.send"})
        else:
            writer.send(Batch([Outgoing(text.encode(), "echo")]))


async def _accept(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await receive()
    await send({"type": "websocket.accept"})


def main(name: str, descriptor: str) -> None:
    """Serve until the process is ended."""
    if name == "servey":
        config = uvicorn_config(servey, web_settings(start(actions=[])))
    else:
        config = uvicorn.Config(
            bare,
            ws="websockets-sansio",
            ws_max_size=MOST,
            ws_per_message_deflate=False,
            log_level="critical",
        )
    uvicorn.Server(config).run([socket.socket(fileno=int(descriptor))])


if __name__ == "__main__":
    main(*sys.argv[1:])
