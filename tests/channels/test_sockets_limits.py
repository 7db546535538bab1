"""What one client can take of a server: slow clients, floods, too many of them, dead ones."""

import json
import signal
import socket
import struct
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

import pytest
from chatting import serving, token
from waiting import PATIENCE, until
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

MEGABYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    settings = {
        "CHANNELS_BACKLOG_BYTES": str(256 * 1024),
        "CHANNELS_MAX_SUBSCRIPTIONS": "3",
        "CHANNELS_MAX_PER_SUBJECT": "2",
        "CHANNELS_MAX_PER_ADDRESS": "20",
        "WEBSOCKET_MAX_BYTES": str(64 * 1024),
    }
    with serving(tmp_path_factory.mktemp("server"), **settings) as server:
        server.call("memory")
        yield server


def frame(opcode, data=b"", *, fin=True, masked=True, rsv=0):
    """A frame as a client sends it, or as it should not."""
    head = bytes([(fin << 7) | rsv | opcode])
    mask = 0x80 if masked else 0
    if len(data) < 126:
        head += bytes([mask | len(data)])
    elif len(data) < 65536:
        head += struct.pack("!BH", mask | 126, len(data))
    else:
        head += struct.pack("!BQ", mask | 127, len(data))
    return head + (b"\0\0\0\0" if masked else b"") + data  # a mask of noughts changes nothing


def closing_code(connection):
    """The code of the close frame with which a server answers; None where there is none."""
    received = b""
    connection.settimeout(PATIENCE)
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionError:
        pass
    while len(received) >= 2:
        opcode, size, begin = received[0] & 15, received[1] & 127, 2
        if size == 126:
            [size], begin = struct.unpack("!H", received[2:4]), 4
        if opcode == Opcode.CLOSE:
            return struct.unpack("!H", received[begin : begin + 2])[0]
        received = received[begin + size :]
    return None


ATTACKS = {
    "not masked": (frame(1, b"{}", masked=False), 1002),
    "reserved bit": (frame(1, b"{}", rsv=0x40), 1002),
    "reserved opcode": (frame(3, b"{}"), 1002),
    "reserved control opcode": (frame(11, b""), 1002),
    "long ping": (frame(9, b"a" * 126), 1002),
    "ping in parts": (frame(9, b"a", fin=False), 1002),
    "continues nothing": (frame(0, b"a"), 1002),
    "a message within another": (frame(1, b"{", fin=False) + frame(1, b"}"), 1002),
    "close of one byte": (frame(8, b"a"), 1002),
    "close with a code that cannot be": (frame(8, struct.pack("!H", 1005)), 1002),
    "invalid UTF-8": (frame(1, b'{"type": "\xff"}'), 1007),
    "invalid UTF-8 in parts": (frame(1, b'"\xc3', fin=False) + frame(0, b'"'), 1007),
    "too large": (frame(1, b"a" * 70_000), 1009),
    "declares too much": (struct.pack("!BBQ", 0x81, 0xFF, 2**62) + b"\0\0\0\0", 1009),
    "too large in parts": (
        frame(1, b"a" * 40_000, fin=False) + frame(0, b"a" * 40_000, fin=False),
        1009,
    ),
    "endless empty parts": (frame(1, b"", fin=False) + frame(0, b"", fin=False) * 2000, 1009),
    "deflated though not agreed": (frame(1, zlib.compress(b"a" * 10**7), rsv=0x40), 1002),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_frames_that_break_the_protocol_are_hung_up_on(server, attack):
    data, code = ATTACKS[attack]
    with server.connected("/news") as bystander:
        bystander.hear("subscribed")
        with server.raw("Sec-WebSocket-Extensions: permessage-deflate") as connection:
            connection.sendall(data)
            assert closing_code(connection) == code
        server.tell("unharmed")
        assert bystander.texts(1) == ["unharmed"]


def test_compression_is_not_agreed_to(server):
    with server.connected(compression="deflate") as client:
        assert not client.connection.protocol.extensions


def flood(connection, data, seconds=1.5):
    """Send as much as is taken, and read nothing; how much was taken."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(0.3)
    sent, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            sent += connection.send(data)
        except (TimeoutError, ConnectionError):
            break
    return sent


@pytest.mark.parametrize(
    "data",
    [
        frame(9, b"p" * 125) * 500,
        frame(1, b'{"type": "subscribe", "id": "' + b"a" * 1000 + b'"}') * 50,
        frame(1, b"", fin=False) + frame(0, b"", fin=False) * 10_000,
    ],
    ids=["pings", "errors", "parts"],
)
def test_a_flood_takes_little_memory_and_harms_nobody(server, data):
    before = server.call("memory")
    connections = [server.raw() for _ in range(3)]
    with server.connected("/news") as bystander:
        bystander.hear("subscribed")
        with ThreadPoolExecutor() as pool:
            list(pool.map(flood, connections, repeat(data)))
        server.tell("unharmed")
        assert bystander.texts(1) == ["unharmed"]
        assert server.call("memory") - before < 10 * MEGABYTE
    for connection in connections:
        connection.close()


def test_a_slow_client_is_hung_up_on_and_the_others_are_not(server):
    text = "x" * 10_000
    server.tell(*[text] * 50)  # so that the history is there
    with server.connected("/news") as fast, server.raw(path="/news"):
        fast.hear("subscribed")
        before = server.call("memory")
        first = server.tell(text)
        offsets = [fast.hear("event")["offset"]]
        for _ in range(150):
            server.tell(*[text] * 10)
            offsets += [fast.hear("event")["offset"] for _ in range(10)]
        assert offsets == list(range(first, first + 1501))
        taken = server.call("memory") - before
        assert taken < 40 * MEGABYTE, taken  # the history itself is 15


def test_a_client_that_is_a_little_slow_is_told_to_try_again(server):
    text = "x" * 10_000
    with server.connected("/news", max_queue=1) as client:
        client.hear("subscribed")
        # Nothing of it is taken until much more waits than may.
        for _ in range(20):
            server.tell(*[text] * 50)
        assert client.code() == 1013
        assert len(client.heard) < 1000


def test_what_a_slow_client_has_missed_it_gets_when_it_comes_back(server):
    """More than may wait for it, and as quickly as it takes it."""
    text = "y" * 10_000
    with server.connected() as client:
        here = client.subscribe("news")
    for _ in range(15):
        server.tell(*[text] * 100)
    since = {"epoch": here["epoch"], "offset": here["offset"]}
    with server.connected(max_queue=1) as client:
        assert client.subscribe("news", since=since)["recovered"]
        time.sleep(0.5)  # nothing is taken
        offsets = []
        for number in range(1500):
            offsets.append(client.hear("event")["offset"])
            if number == 10:
                server.tell(*[text] * 10)
        offsets += [client.hear("event")["offset"] for _ in range(10)]
        assert offsets == list(range(here["offset"] + 1, here["offset"] + 1511))


def test_a_result_larger_than_may_wait_arrives(server):
    with server.connected() as client:
        data = {"text": "z" * 1000, "count": 300}
        assert len(client.ask("send", "ack", channel="echo", data=data)["data"]) == 300_000


def test_one_client_has_so_many_channels(server):
    with server.connected() as client:
        for name in ("news", "short", "picky"):
            client.subscribe(name)
        assert client.ask("subscribe", "error", channel="mine")["problem"]["status"] == 429
        client.subscribe("news")
        client.ask("unsubscribe", "unsubscribed", channel="news")
        client.subscribe("mine")


def test_one_client_says_so_much(server):
    with server.connected() as client:
        for number in range(150):
            client.say("ping", id=number)
        heard = [json.loads(client.connection.recv(PATIENCE)) for _ in range(151)]
        refused = [one["problem"]["status"] for one in heard if one["type"] == "error"]
        assert refused == [429] * len(refused) != []
        assert [one["id"] for one in heard[1:]] == list(range(150))
        time.sleep(0.2)
        client.ask("ping", "pong")


def test_one_subject_has_so_many_connections(server):
    with server.as_("ann") as first, server.as_("ann"), server.connected() as third:
        with server.as_("ann") as fourth:
            assert fourth.code() == 1013
        third.hear("welcome")
        error = third.ask("authorize", "error", token=token("ann"))
        assert error["problem"]["status"] == 429
        third.ask("authorize", "authorized", token=token("bob"))
        first.ask("authorize", "authorized", token=token("bob"))
        third.ask("authorize", "authorized", token=token("ann"))
        with server.as_("bob") as bob:
            bob.hear("welcome")


def test_one_address_has_so_many_connections(server):
    connections = [server.raw() for _ in range(20)]
    with server.connected() as client:
        assert client.code() == 1013
    for connection in connections:
        connection.close()

    def is_let_in():
        with server.connected() as client:
            try:
                return client.hear("welcome")
            except ConnectionClosed:
                return False

    until(is_let_in)


def test_one_process_has_so_many_connections(tmp_path):
    with (
        serving(tmp_path, CHANNELS_MAX_CONNECTIONS="2") as server,
        server.connected() as first,
        server.connected() as second,
    ):
        first.hear("welcome")
        second.hear("welcome")
        with server.connected() as third:
            assert third.code() == 1013
        stream = server.client.get("/subscription/news")
        assert stream.status_code == 503
        assert stream.headers["retry-after"] == "3"


FROZEN = """
import os, signal, sys
from websockets.sync.client import connect
header = {"Authorization": "Bearer " + sys.argv[2]}
with connect(sys.argv[1], proxy=None, additional_headers=header) as connection:
    print(connection.recv(), flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    try:
        while True: connection.recv()
    except Exception: pass
"""


@pytest.fixture
def asking_often(tmp_path):
    """A server that asks its clients whether they are there; a slow test would not be in time."""
    limits = {"CHANNELS_MAX_PER_SUBJECT": "2", "WEBSOCKET_PING_SECONDS": "0.7"}
    with serving(tmp_path, **limits) as server:
        yield server


def test_a_client_that_is_gone_without_a_word_is_found(asking_often):
    server = asking_often
    program = [sys.executable, "-c", FROZEN, server.url(), token("eve")]
    clients = [subprocess.Popen(program, stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for one in clients:
            assert json.loads(one.stdout.readline())["type"] == "welcome"
        with server.as_("eve") as third:
            assert third.code() == 1013  # there are as many of the subject as may be

        def is_let_in():
            with server.as_("eve") as client:
                try:
                    return client.hear("welcome")
                except ConnectionClosed:
                    return False

        until(is_let_in)
    finally:
        for one in clients:
            one.send_signal(signal.SIGCONT)
            one.kill()
            one.communicate()


def test_frames_here_are_as_the_library_makes_them():
    data = b"a" * 300
    theirs = Frame(Opcode.TEXT, data).serialize(mask=False)
    assert frame(1, data, masked=False) == theirs
