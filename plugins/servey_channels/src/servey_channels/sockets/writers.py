"""Writing to a websocket: whole frames to uvicorn's transport, or messages as ASGI has them.

Only this module knows the insides of uvicorn's protocol; a test pins them, and where another server
is, or another version, events go the public way.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Protocol

from starlette.types import Send

from servey_channels.hub.batches import Batch

TOO_SLOW = 1013
"""Try again later (RFC 6455's registry): the client did not take what it was sent."""

_ABORT_SECONDS = 5.0
"""How long a client that is too slow has to take that it is."""


class SocketWriter(Protocol):
    """Sends to one client, without ever waiting for it."""

    def send(self, batch: Batch) -> None:
        """Send messages; where too much waits already, hang up instead."""

    async def room(self) -> None:
        """Wait until the client has taken most of what it was sent, or has gone."""

    async def close(self, code: int, reason: str = "") -> None:
        """Hang up."""


def writer_of(send: Send, limit: int) -> SocketWriter:
    """The quickest writer for an accepted websocket.

    Args:
        send: ASGI's `send`, of the server itself where nothing stands between.
        limit: How many bytes may wait for the client before it is sent more.
    """
    protocol = getattr(send, "__self__", None)
    if protocol is not None and _is_known(protocol):
        return _TransportWriter(protocol, send, limit)
    return _QueueWriter(send, limit)


def _is_known(protocol: Any) -> bool:
    """Whether this is a protocol whose transport takes frames beside it."""
    try:
        from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
    except ImportError:
        return False
    if not isinstance(protocol, WebSocketsSansIOProtocol):
        return False
    wanted = ("transport", "conn", "close_sent", "disconnected", "loop", "queue", "writable")
    return all(hasattr(protocol, name) for name in wanted) and not protocol.conn.extensions


class _TransportWriter:
    """Writes frames to the transport, which has the only buffer."""

    __slots__ = ("_limit", "_protocol", "_send", "_transport")

    def __init__(self, protocol: Any, send: Send, limit: int) -> None:
        self._protocol = protocol
        self._transport = protocol.transport
        self._send = send
        self._limit = limit

    def send(self, batch: Batch) -> None:
        """Send messages; where too much waits already, hang up instead."""
        protocol = self._protocol
        if protocol.close_sent or protocol.disconnected:
            return
        transport = self._transport
        if transport.get_write_buffer_size() > self._limit:
            self._hang_up()
        else:
            transport.write(batch.frames)

    async def room(self) -> None:
        """Wait until the client has taken most of what it was sent, or has gone."""
        await self._protocol.writable.wait()

    async def close(self, code: int, reason: str = "") -> None:
        """Hang up, also where the client takes nothing."""
        if self._transport.get_write_buffer_size():
            self._hang_up(code, reason)
            return
        with suppress(Exception):  # it has hung up itself meanwhile
            await self._send({"type": "websocket.close", "code": code, "reason": reason})

    def _hang_up(self, code: int = TOO_SLOW, reason: str = "too slow") -> None:
        """Close at once: to wait until the client takes what is before would be to wait for it."""
        protocol = self._protocol
        if protocol.close_sent or self._transport.is_closing():  # the client was quicker
            return
        protocol.conn.send_close(code, reason)
        self._transport.write(b"".join(protocol.conn.data_to_send()))
        protocol.close_sent = True
        protocol.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        protocol.loop.call_later(_ABORT_SECONDS, self._transport.abort)


class _QueueWriter:
    """Sends messages one after the other, from a bounded queue."""

    def __init__(self, send: Send, limit: int) -> None:
        self._send = send
        self._limit = limit
        self._texts: deque[bytes] = deque()
        self._size = 0
        self._room = asyncio.Event()
        self._room.set()
        self._closing: tuple[int, str] | None = None
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    def send(self, batch: Batch) -> None:
        """Send messages; where too much waits already, hang up instead."""
        if self._closing is not None:
            return
        if self._size > self._limit:
            self._texts.clear()
            self._closing = TOO_SLOW, "too slow"
        else:
            self._texts.extend(one.text for one in batch.messages)
            self._size += sum(len(one.text) for one in batch.messages)
            self._room.clear()
        self._wake()

    async def room(self) -> None:
        """Wait until the client has taken all that it was sent, or has gone."""
        await self._room.wait()

    async def close(self, code: int, reason: str = "") -> None:
        """Hang up, once what waits has been taken."""
        self._closing = self._closing or (code, reason)
        self._wake()
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=_ABORT_SECONDS)

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._texts:
                text = self._texts.popleft()
                self._size -= len(text)
                await self._send({"type": "websocket.send", "text": text.decode()})
            self._room.set()
            if self._closing is not None and not self._closed:
                self._closed = True
                code, reason = self._closing
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        except Exception:  # noqa: BLE001 - the client is gone; whoever receives hears of it
            self._closing = self._closing or (TOO_SLOW, "")
            self._room.set()
