"""HTTP/1.1 as bytes: requests made by hand, and answers read with distrust (RFC 9112)."""

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from waiting import PATIENCE

HOST = b"Host: localhost"
JSON = b"Content-Type: application/json"

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [\x20-\x7e]*")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*?)[ \t]*")


def request(method: str, target: str, *fields: bytes, body: bytes = b"") -> bytes:
    """A request with these very header fields, and nothing that is not asked for."""
    head = [f"{method} {target} HTTP/1.1".encode("latin-1"), *fields]
    return b"\r\n".join([*head, b"", body])


def get(target: str, *fields: bytes) -> bytes:
    """A GET with a good Host."""
    return request("GET", target, HOST, *fields)


def post(target: str, body: bytes, *fields: bytes, content_type: bytes | None = JSON) -> bytes:
    """A POST with a good Host and a true Content-Length."""
    kind = [content_type] if content_type is not None else []
    length = b"Content-Length: %d" % len(body)
    return request("POST", target, HOST, *kind, length, *fields, body=body)


def chunked(target: str, body: bytes, *fields: bytes) -> bytes:
    """A POST whose body, chunks and all, is as given."""
    return request("POST", target, HOST, JSON, b"Transfer-Encoding: chunked", *fields, body=body)


@dataclass(frozen=True)
class Answer:
    """One response.

    Attributes:
        status: Its status code.
        fields: Its header fields, their names in lower case, in their order.
        body: Its body.
    """

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """All values of a field."""
        return [value for known, value in self.fields if known == name]

    def only(self, name: str) -> str:
        """The value of a field that must be there once."""
        [value] = self.all(name)
        return value

    @property
    def closes(self) -> bool:
        """Whether it says that its connection ends."""
        return "close" in self.all("connection")

    def json(self) -> Any:
        """The body, as JSON."""
        return json.loads(self.body)


class Connection:
    """A connection to a server.

    Args:
        opened: The socket.
    """

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self._received = b""

    def send(self, data: bytes) -> None:
        """Send bytes; that the server has hung up is no error, for its answer may be here."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def answer(self, *, to_head: bool = False) -> Answer:
        """Read one response, whose framing must leave no doubt; those with 1xx are passed over.

        Args:
            to_head: Whether it answers HEAD, and so has no body.
        """
        head = self.until(b"\r\n\r\n")
        lines = head[:-4].split(b"\r\n")
        status_line = _STATUS_LINE.fullmatch(lines[0])
        assert status_line, lines[0]
        status = int(status_line[1])
        if status < 200:
            return self.answer(to_head=to_head)
        fields = tuple(map(_field, lines[1:]))
        answer = Answer(status, fields, b"")
        if to_head or status in {204, 304}:
            return answer
        return Answer(status, fields, self._body(answer))

    def until(self, end: bytes) -> bytes:
        """Read up to some bytes, and them."""
        while end not in self._received:
            self._more()
        found, _, self._received = self._received.partition(end)
        return found + end

    def rest(self) -> bytes:
        """What comes until the server hangs up."""
        with suppress(ConnectionResetError):
            while part := self.socket.recv(65536):
                self._received += part
        return self._received

    def _body(self, answer: Answer) -> bytes:
        if answer.all("transfer-encoding"):
            assert answer.only("transfer-encoding") == "chunked"
            assert not answer.all("content-length")
            return b"".join(self._chunks())
        return self._exactly(int(answer.only("content-length")))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.until(b"\r\n"), 16):
            yield self._exactly(size)
            assert self._exactly(2) == b"\r\n"
        assert self._exactly(2) == b"\r\n"

    def _exactly(self, size: int) -> bytes:
        parts, length = [self._received], len(self._received)
        while length < size:
            parts.append(self._part())
            length += len(parts[-1])
        received = b"".join(parts)
        found, self._received = received[:size], received[size:]
        return found

    def _more(self) -> None:
        self._received += self._part()

    def _part(self) -> bytes:
        part = self.socket.recv(65536)
        assert part, f"the server hung up after {self._received!r}"
        return part


def status_of(opened: socket.socket) -> int:
    """Read the head of a response, and no more; its status."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += (byte := opened.recv(1))
        assert byte, f"the server hung up after {head!r}"
    status_line = _STATUS_LINE.match(head)
    assert status_line, head
    return int(status_line[1])


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection to a server.

    Args:
        url: The server's, with address and port.
    """
    address, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((address, int(port)), timeout=PATIENCE) as opened:
        yield Connection(opened)


def get_and_head(url: str, target: str) -> list[tuple[int, set[tuple[str, str]]]]:
    """The statuses of a GET and a HEAD, and their fields, but for those that always change."""
    with connected(url) as connection:
        connection.send(get(target))
        got = connection.answer()
        connection.send(get(target).replace(b"GET", b"HEAD", 1))
        head = connection.answer(to_head=True)
        connection.send(get(target))
        assert connection.answer().status == got.status  # nothing stands between the two
    changing = {"date", "x-request-id"}
    return [
        (one.status, {field for field in one.fields if field[0] not in changing})
        for one in (got, head)
    ]


def _field(line: bytes) -> tuple[str, str]:
    match = _FIELD.fullmatch(line)
    assert match, line
    return match[1].decode("ascii").lower(), match[2].decode("latin-1")
