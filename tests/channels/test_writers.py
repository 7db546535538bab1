"""Frames that go to uvicorn's transport are what the ASGI way sends; its insides are pinned."""

import asyncio
import inspect
import json
from contextlib import nullcontext

import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from waiting import PATIENCE

from servey_channels.hub.batches import Batch, Outgoing
from servey_channels.sockets import writers
from servey_channels.sockets.writers import writer_of
from servey_web.server import uvicorn_config
from servey_web.settings import WebSettings
from servey_web.sockets import open_sockets

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SIZES = (0, 1, 125, 126, 127, 65_535, 65_536, 200_000)


def batches():
    one = [Batch([Outgoing(b"x" * size, "event")]) for size in SIZES]
    several = Batch([Outgoing(json.dumps(["é", size]).encode(), "event") for size in SIZES])
    return [*one, several]


async def served(app, read, limit=2**24):
    """What an application puts on the wire of one websocket, read by `read`."""
    [listening] = open_sockets("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn_config(app, WebSettings()))
    server.capture_signals = nullcontext
    serving = asyncio.ensure_future(server.serve([listening]))
    reader, writer = await asyncio.open_connection(*listening.getsockname(), limit=limit)
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    received = await read(reader, writer)
    writer.close()
    server.should_exit = True
    await serving
    listening.close()
    return received


def accepting(use):
    """An application that lets `use` have `receive` and `send` of an accepted websocket."""

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            for phase in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{phase}.complete"})
            return
        await receive()
        await send({"type": "websocket.accept"})
        await use(receive, send)

    return app


def on_the_wire(use):
    """All that a client is sent, where `use` gets `send` once it is accepted."""

    async def to_the_end(receive, send):
        await use(send)
        while (await receive())["type"] != "websocket.disconnect":
            pass

    end = b"\x88\x07\x03\xf4later"
    return asyncio.run(served(accepting(to_the_end), lambda reader, _: reader.readuntil(end)))


@pytest.mark.parametrize("way", ["_TransportWriter", "_QueueWriter"])
def test_each_way_puts_the_same_on_the_wire_as_asgi(way):
    async def by_asgi(send):
        for batch in batches():
            for one in batch.messages:
                await send({"type": "websocket.send", "text": one.text.decode()})
        await send({"type": "websocket.close", "code": 1012, "reason": "later"})

    async def by_writer(send):
        if way == "_QueueWriter":
            writer = writers._QueueWriter(send, 2**24)
        else:
            writer = writer_of(send, 2**24)
        assert type(writer).__name__ == way
        for batch in batches():
            writer.send(batch)
        await writer.room()
        await writer.close(1012, "later")

    assert on_the_wire(by_writer) == on_the_wire(by_asgi)


def test_who_has_hung_up_and_takes_nothing_harms_nobody():
    """Its transport is closing then, and the library would refuse to close once more."""
    heard, done = [], asyncio.Event()

    async def use(receive, send):
        writer = writer_of(send, 1000)
        writer.send(Batch([Outgoing(b"x" * 2**24, "event")]))
        heard.append((await receive())["type"])
        writer.send(Batch([Outgoing(b"x", "event")]))
        await writer.close(1012)
        heard.append("served")
        done.set()

    async def hang_up(reader, writer):
        writer.write(b"\x88\x80\0\0\0\0")
        await done.wait()
        writer.transport.abort()

    async def run():
        async with asyncio.timeout(PATIENCE):
            await served(accepting(use), hang_up, limit=1024)

    asyncio.run(run())
    assert heard == ["websocket.disconnect", "served"]


def test_an_unknown_server_gets_messages():
    async def send(message):
        raise AssertionError

    assert isinstance(writer_of(send, 1), writers._QueueWriter)

    class Other:
        async def send(self, message):
            raise AssertionError

    assert isinstance(writer_of(Other().send, 1), writers._QueueWriter)


def test_uvicorn_is_as_the_quick_way_expects():
    source = inspect.getsource(WebSocketsSansIOProtocol)
    for part in (
        'self.transport.write(b"".join(output))',
        "self.writable.set()",
        'self.queue.put_nowait({"type": "websocket.disconnect"',
        "self.close_sent = True",
        "self.disconnected = True",
        "if self.close_timer is None:\n            self.transport.close()",
    ):
        assert part in source, part


class Sent:
    """An ASGI server that takes what it is given when it wants to."""

    def __init__(self):
        self.messages = []
        self.takes = asyncio.Event()

    async def send(self, message):
        await self.takes.wait()
        self.messages.append(message)


def test_the_asgi_way_is_bounded_and_in_order():
    async def run():
        server = Sent()
        writer = writer_of(server.send, 1000)
        for number in range(20):
            writer.send(Batch([Outgoing(b"%03d" % number * 100, "event")]))
            await asyncio.sleep(0)
        waiting = asyncio.ensure_future(writer.room())
        await asyncio.sleep(0)
        assert not waiting.done()
        server.takes.set()
        await waiting
        await writer.close(1000)
        return server.messages

    *sent, closed = asyncio.run(run())
    texts = [one["text"][:3] for one in sent]
    assert texts == [f"{number:03}" for number in range(len(texts))]
    assert len(texts) < 7
    assert closed == {"type": "websocket.close", "code": 1013, "reason": "too slow"}


def test_the_asgi_way_outlives_a_client_that_is_gone():
    async def run():
        async def send(message):
            raise OSError("gone")

        writer = writer_of(send, 1000)
        writer.send(Batch([Outgoing(b"a", "event")]))
        await writer.room()
        await writer.close(1000)

    asyncio.run(run())
