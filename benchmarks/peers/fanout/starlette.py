"""Starlette with a loop over its websockets, as most begin."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from peers.fanout.contract import Application, PublishingApp

Clients = set[WebSocket]
Event = dict[str, Any]


def application() -> Application:
    """`send_json` for each client."""
    return _application(_send_json)


def encoding_once() -> Application:
    """JSON once, and `send_text` for each client."""
    return _application(_send_text)


def _application(send: Callable[[Clients, Event], Awaitable[None]]) -> Application:
    clients: Clients = set()

    async def connect(websocket: WebSocket) -> None:
        await websocket.accept()
        clients.add(websocket)
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            clients.discard(websocket)

    async def publish(event: Event) -> None:
        await send(clients, event)

    return PublishingApp(publish, Starlette(routes=[WebSocketRoute("/ws", connect)]))


async def _send_json(clients: Clients, event: Event) -> None:
    for client in list(clients):
        await client.send_json(event)


async def _send_text(clients: Clients, event: Event) -> None:
    text = json.dumps(event, separators=(",", ":"))
    for client in list(clients):
        await client.send_text(text)
