"""The Python client, on real servers, over connections that are cut."""

import asyncio
import signal
import socket
import struct
import time
from contextlib import asynccontextmanager, suppress

import pytest
from chatting import serving, token
from ports import free_port
from waiting import PATIENCE

from servey_channels.client import (
    ChannelProblem,
    ConnectionLost,
    Delays,
    Refused,
    connect,
)
from servey_core import Position


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server


def connecting(server, **options):
    return connect(server.url(), proxy=None, delays=Delays(0.05, 0.2), **options)


async def tell(server, *texts, **given):
    return await asyncio.to_thread(server.tell, *texts, **given)


async def texts(subscription, count):
    async with asyncio.timeout(PATIENCE):
        return [(await anext(subscription)).data["text"] for _ in range(count)]


def test_events_and_results(server):
    async def test():
        async with connecting(server) as client:
            assert await client.send("echo", {"text": "é", "count": 2}) == "éé"
            async with client.subscribe("news") as news:
                offset = await tell(server, "a", "b")
                assert await texts(news, 1) == ["a"]
                event = await anext(news)
                assert (event.channel, event.data) == ("news", {"text": "b", "owner": None})
                assert event.position.offset == offset
                with pytest.raises(ValueError, match="already"):
                    client.subscribe("news")
            async with client.subscribe(
                "news", since=Position(event.position.epoch, offset - 1)
            ) as again:
                assert await texts(again, 1) == ["b"]

    asyncio.run(test())


def test_who_leaves_a_channel_that_is_not_taken_does_not_hold_up_the_others(server):
    async def test():
        async with connecting(server) as client:
            async with client.subscribe("news") as news:
                await tell(server, *[str(number) for number in range(3000)])
                assert await client.send("echo", {"text": "all are there"}, timeout=PATIENCE)
                assert await texts(news, 1) == ["0"]
            assert await client.send("echo", {"text": "on"}, timeout=PATIENCE) == "on"

    asyncio.run(test())


def test_who_answers_each_event_takes_many_and_misses_none(server):
    async def test():
        async with connecting(server) as client, client.subscribe("news") as news:
            last = await tell(server, *[str(number) for number in range(2500)])
            heard = []
            async for event in news:
                heard.append(event.data["text"])
                if len(heard) % 100 == 1:
                    assert await client.send("echo", {"text": "on"}, timeout=PATIENCE) == "on"
                if event.position.offset == last:
                    break
            assert heard == [str(number) for number in range(2500)]

    asyncio.run(test())


def test_a_channel_that_was_waited_for_in_vain_can_be_asked_for_again(server):
    async def test():
        async with connecting(server) as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0), client.subscribe("news"):
                    pass
            async with client.subscribe("news") as news:
                await tell(server, "a")
                assert await texts(news, 1) == ["a"]

    asyncio.run(test())


def test_who_still_listens_is_told_that_the_client_has_hung_up(server):
    async def test():
        async with connecting(server) as client:
            news = client.subscribe("news")
            await news.__aenter__()
            listening = asyncio.ensure_future(anext(news))
        with pytest.raises(ConnectionLost):
            await asyncio.wait_for(listening, PATIENCE)
        with pytest.raises(ConnectionLost):
            await client.send("echo", {"text": "late"}, timeout=PATIENCE)

    asyncio.run(test())


def test_several_calls_at_once(server):
    async def test():
        async with connecting(server) as client:
            calls = [client.send("echo", {"text": str(number)}) for number in range(50)]
            assert await asyncio.gather(*calls) == [str(number) for number in range(50)]

    asyncio.run(test())


def test_problems_are_raised(server):
    async def test():
        async with connecting(server) as client:
            with pytest.raises(ChannelProblem, match="Invalid input") as raised:
                await client.send("echo", {"text": 1})
            assert raised.value.status == 422
            for name, status in (("secret", 401), ("new", 404)):
                with pytest.raises(ChannelProblem) as raised:
                    async with client.subscribe(name):
                        pass
                assert raised.value.status == status
                with pytest.raises(ChannelProblem):
                    await anext(client.subscribe(name))
            with pytest.raises(TimeoutError):
                await client.send("slow", {"seconds": 0.2}, timeout=0.05)
            assert await client.send("echo", {"text": "on"}) == "on"

    asyncio.run(test())


@pytest.mark.parametrize("given", ["wrong", lambda: "wrong"])
def test_a_token_that_is_not_valid_is_refused(server, given):
    async def test():
        with pytest.raises(Refused) as refused:
            async with connecting(server, token=given):
                pass
        assert refused.value.code == 4401

    if callable(given):
        with pytest.raises(TimeoutError):  # another one may be valid: it is asked for again
            asyncio.run(asyncio.wait_for(test(), 1.0))
    else:
        asyncio.run(test())


def test_a_page_of_another_origin_is_refused(server):
    async def test():
        with pytest.raises(Refused) as refused:
            async with connecting(server, origin="https://evil.example"):
                pass
        assert refused.value.code == 403

    asyncio.run(test())


def test_tokens_are_renewed_before_they_expire(server):
    given = []

    async def renewed():
        given.append(token("ann", "insider", seconds=3))
        return given[-1]

    async def test():
        async with (
            connecting(server, token=renewed) as client,
            client.subscribe("secret") as secret,
        ):
            await asyncio.sleep(4.5)
            await tell(server, "still here", channel="secret")
            assert await texts(secret, 1) == ["still here"]

    asyncio.run(test())
    assert 2 <= len(given) <= 5


def test_a_token_that_cannot_be_renewed_ends_everything(server):
    async def test():
        async with connecting(server, token=token("ann", "insider", seconds=4)) as client:
            async with client.subscribe("secret") as secret:
                with pytest.raises(Refused):
                    await anext(secret)
            with pytest.raises(Refused):
                await client.send("echo", {"text": "a"})

    asyncio.run(test())


def test_a_token_that_cannot_be_got_is_told_and_one_that_comes_later_is_waited_for(server):
    tries = []

    async def later():
        tries.append(1)
        if len(tries) < 3:
            raise OSError("the one who issues them is away")
        return token("ann")

    async def never():
        raise LookupError("there is none")

    async def test():
        async with connecting(server, token=later) as client:
            assert await client.send("whoami") == "ann"
        with pytest.raises(LookupError):
            async with connecting(server, token=never):
                pass

    asyncio.run(test())
    assert len(tries) == 3


def test_a_token_that_cannot_be_got_for_a_while_does_not_end_a_client(server, caplog):
    tries, again = [], asyncio.Event()

    async def sometimes():
        tries.append(1)
        if len(tries) in (2, 3):
            raise LookupError("not just now")
        if len(tries) > 3:
            again.set()
        return token("ann")

    async def test():
        async with cutter(server.port, 0.3) as port:
            url = f"ws://127.0.0.1:{port}/subscription"
            delays = Delays(0.02, 0.1)
            async with connect(url, proxy=None, delays=delays, token=sometimes) as client:
                news = client.subscribe("news")
                async with news:
                    await asyncio.wait_for(again.wait(), PATIENCE)
                    await tell(server, "on")
                    assert await texts(news, 1) == ["on"]

    asyncio.run(test())
    assert "The token cannot be renewed just now" in caplog.text


@asynccontextmanager
async def cutter(port, every):
    """A way to a server on which each connection is cut by RST after a while; its port."""

    async def pass_on(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    async def connection(reader, writer):
        there = await asyncio.open_connection("127.0.0.1", port)
        both = asyncio.gather(pass_on(reader, there[1]), pass_on(there[0], writer))
        with suppress(TimeoutError, OSError, asyncio.CancelledError):
            await asyncio.wait_for(both, every)
        for one in (writer, there[1]):
            linger = struct.pack("ii", 1, 0)
            one.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            one.transport.abort()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def test_nothing_is_missed_over_connections_that_are_cut(server):
    async def test():
        gaps, kept = [], asyncio.Semaphore(500)  # fewer than the channel keeps

        async def listen(news):
            heard = []
            while not heard or heard[-1] != "last":
                heard += await texts(news, 1)
                kept.release()
            return heard

        async with cutter(server.port, 0.4) as port:
            url = f"ws://127.0.0.1:{port}/subscription"
            async with (
                connect(url, proxy=None, delays=Delays(0.02, 0.1)) as client,
                client.subscribe("news", on_gap=gaps.append) as news,
            ):
                listening = asyncio.create_task(listen(news))
                end, sent = time.monotonic() + 4, 0
                while time.monotonic() < end:
                    await kept.acquire()
                    await tell(server, str(sent))
                    sent += 1
                await tell(server, "last")
                heard = await listening
        assert heard == [*(str(number) for number in range(sent)), "last"]
        assert gaps == []
        assert sent > 50

    asyncio.run(test())


def test_a_call_whose_connection_is_cut_is_said_so(server):
    async def test():
        async with cutter(server.port, 0.3) as port:
            url = f"ws://127.0.0.1:{port}/subscription"
            async with connect(url, proxy=None, delays=Delays(0.02, 0.1)) as client:
                calls = [client.send("slow", {"seconds": 0.25}) for _ in range(40)]
                answers = await asyncio.gather(*calls, return_exceptions=True)
                assert {type(one) for one in answers} >= {ConnectionLost}
                assert await client.send("echo", {"text": "again"}) == "again"

    asyncio.run(test())


def test_a_server_that_restarts_is_come_back_to_when_it_says(tmp_path):
    port = str(free_port())
    gaps = []

    async def test():
        with serving(tmp_path, PORT=port) as server:
            client = connecting(server)
            await client.__aenter__()
            news = client.subscribe("news", on_gap=gaps.append)
            async with news:
                await tell(server, "before")
                assert await texts(news, 1) == ["before"]
                server.process.send_signal(signal.SIGTERM)
                await asyncio.to_thread(server.process.wait, 20)
        with serving(tmp_path, PORT=port) as server:
            news = client.subscribe("news", since=news.position, on_gap=gaps.append)
            async with news:
                assert len(gaps) == 1  # what was in memory is lost, and it is said so
                await tell(server, "after")
                assert await texts(news, 1) == ["after"]
            await client.__aexit__()

    asyncio.run(test())


def test_delays_grow_and_heed_hints():
    delays = Delays(1.0, 8.0)
    grown = [delays.next() for _ in range(6)]
    for delay, longest in zip(grown, (1, 2, 4, 8, 8, 8), strict=True):
        assert longest / 2 <= delay <= longest
    delays.hint(0.7)
    assert delays.next() == 0.7
    assert delays.next() >= 4
    delays.succeeded()
    assert delays.next() <= 1
