"""Many websockets in one process, which count events and read as little as possible.

Run with `[port, path, hello, count]` as JSON. It connects, and says so by an empty line. Then each
line of stdin is `[events, seconds]`: so many events are awaited on every socket, for so many
seconds at the most, and answered with `{"ended": …, "latencies": […]}`. With no events at all,
those are awaited that are still on their way, until none have come for that long.

An event is counted by its mark, a byte that is nowhere else. Only of some sockets are the times
read that events carry.
"""

import json
import re
import select
import socket
import sys
import time
from base64 import b64encode
from typing import Any

_SAMPLED = 50
"""Of how many sockets the times are read."""
_MARK = b"!"
_AT = re.compile(rb'"at":(\d{19})')
_LONGEST = len('"at":') + 19
_SIZE = 1 << 18
_PATIENCE = 30.0
_UPGRADE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    f"Sec-WebSocket-Key: {b64encode(bytes(16)).decode()}",
)


class Client:
    """Sockets that are connected.

    Args:
        port: The server's port.
        path: Where its websocket is.
        hello: What is said first; nothing where it is empty.
        count: How many sockets.
    """

    def __init__(self, port: int, path: str, hello: str, count: int) -> None:
        self._poll = select.epoll()
        self._sockets: dict[int, socket.socket] = {}
        self._buffer = bytearray(_SIZE)
        for _ in range(count):
            one = _connected(port, path, hello)
            self._sockets[one.fileno()] = one
            self._poll.register(one.fileno(), select.EPOLLIN)
        sampled = list(self._sockets)[:: max(1, count // _SAMPLED)]
        self._tails = dict.fromkeys(sampled, b"")
        self._latencies: list[int] = []

    def receive(self, events: int, seconds: float) -> dict[str, Any]:
        """Wait for events, and say when the last one came, and how long the sampled ones took."""
        if not events:
            while any(self._read_some(seconds).values()):
                pass
        self._latencies.clear()
        missing = dict.fromkeys(self._sockets, events)
        left, end = events * len(missing), time.monotonic() + seconds
        while left > 0:
            for number, count in self._read_some(seconds).items():
                missing[number] -= count
                left -= count
            if left > 0 and time.monotonic() > end:
                raise TimeoutError(f"{left} of {events * len(missing)} events did not come")
        ended = time.monotonic()
        if wrong := [count for count in missing.values() if count]:
            raise ValueError(f"{len(wrong)} sockets got more or less: {wrong[:5]}")
        return {"ended": ended, "latencies": self._latencies}

    def _read_some(self, seconds: float) -> dict[int, int]:
        """What is there: how many events, by socket."""
        buffer, sockets, tails = self._buffer, self._sockets, self._tails
        found = {}
        for number, _ in self._poll.poll(seconds):
            size = sockets[number].recv_into(buffer)
            if not size:
                raise ConnectionError("the server has hung up")
            found[number] = buffer.count(_MARK, 0, size)
            if number in tails:
                self._look(number, buffer[:size])
        return found

    def _look(self, number: int, received: bytearray) -> None:
        now, data = time.time_ns(), self._tails[number] + received
        last = 0
        for match in _AT.finditer(data):
            self._latencies.append(now - int(match.group(1)))
            last = match.end()
        self._tails[number] = bytes(data[max(last, len(data) - _LONGEST + 1) :])


def _connected(port: int, path: str, hello: str) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
    lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *_UPGRADE, "", ""]
    one.sendall("\r\n".join(lines).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        received = one.recv(4096)
        if not received:
            break
        head += received
    if not head.startswith(b"HTTP/1.1 101"):
        raise ConnectionError(f"the websocket was refused: {head[:200]!r}")
    if hello:  # masked with zeros, which is allowed (RFC 6455, section 5.3)
        one.sendall(bytes((0x81, 0x80 | len(hello))) + bytes(4) + hello.encode())
    return one


def main(words: str) -> None:
    """Do as stdin says, until it ends."""
    client = Client(*json.loads(words))
    print(flush=True)
    for line in sys.stdin:
        print(json.dumps(client.receive(*json.loads(line))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
