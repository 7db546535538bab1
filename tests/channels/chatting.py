"""Servers of `chatter.py` as processes, and clients that talk to them over real sockets."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from ports import free_port
from serving import serving_process
from talk_server import environment
from waiting import PATIENCE
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from servey_core import Authorization, Authorizer, start

HERE = Path(__file__).parent
SECRET = "a secret of these tests alone, long enough"


@cache
def _authorizer() -> Authorizer:
    return start(actions=[], given={"jwt_secret_key": SECRET}).authorizer


def token(subject: str = "ann", *scopes: str, seconds: float = 300) -> str:
    """A token that the servers believe."""
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    return _authorizer().issue(Authorization(subject, frozenset(scopes), expires_at=expires_at))


class Refused(Exception):  # noqa: N818 - what happened
    """A handshake was answered by something else."""


@dataclass
class Server:
    """A server.

    Attributes:
        port: Where it listens.
        process: The process.
        client: Calls its actions.
        log: Where it logs.
    """

    port: int
    process: subprocess.Popen[bytes]
    client: httpx.Client
    log: Path

    def url(self, path: str = "") -> str:
        """Where clients connect."""
        return f"ws://127.0.0.1:{self.port}/subscription{path}"

    def call(self, action: str, **params: Any) -> Any:
        """Run an action."""
        answer = self.client.post(f"/actions/{action}", json=params)
        assert answer.is_success, answer.text
        return answer.json()

    def tell(self, *texts: str, channel: str = "news", **given: Any) -> int:
        """Publish."""
        return int(self.call("tell", channel=channel, texts=list(texts), **given))

    @contextmanager
    def connected(self, path: str = "", **options: Any) -> Iterator["Client"]:
        """A client of it."""
        options = {"proxy": None, "compression": None, "max_size": 2**24, **options}
        with connect(self.url(path), **options) as connection:
            yield Client(connection)

    @contextmanager
    def as_(self, subject: str, *scopes: str, path: str = "") -> Iterator["Client"]:
        """A client that is somebody."""
        header = {"Authorization": f"Bearer {token(subject, *scopes)}"}
        with self.connected(path, additional_headers=header) as client:
            yield client

    def raw(self, *fields: str, path: str = "") -> socket.socket:
        """A socket whose handshake is done."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        lines = [
            f"GET /subscription{path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
            *fields,
        ]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = b""
        while not head.endswith(b"\r\n\r\n") and (byte := connection.recv(1)):
            head += byte
        if not head.startswith(b"HTTP/1.1 101"):
            connection.close()
            raise Refused(head.decode())
        return connection


@dataclass
class Client:
    """A client, and what it has heard that nobody has asked for yet."""

    connection: ClientConnection
    heard: list[dict[str, Any]] = field(default_factory=list)

    def say(self, type_: str, **members: Any) -> None:
        """Send a message."""
        self.connection.send(json.dumps({"type": type_, **members}))

    def hear(self, type_: str, patience: float = PATIENCE) -> dict[str, Any]:
        """The next message of a type; others wait until they are asked for."""
        for number, message in enumerate(self.heard):
            if message["type"] == type_:
                return self.heard.pop(number)
        deadline = time.monotonic() + patience
        while True:
            message = json.loads(self.connection.recv(max(0, deadline - time.monotonic())))
            if message["type"] == type_:
                return dict(message)
            self.heard.append(message)

    def ask(self, type_: str, answer: str, **members: Any) -> dict[str, Any]:
        """Send a message, and hear the answer."""
        self.say(type_, **members)
        return self.hear(answer)

    def subscribe(self, channel: str, **members: Any) -> dict[str, Any]:
        """Ask for a channel."""
        return self.ask("subscribe", "subscribed", channel=channel, **members)

    def texts(self, count: int) -> list[str]:
        """What the next events say."""
        return [self.hear("event")["data"]["text"] for _ in range(count)]

    def code(self) -> int | None:
        """How it is hung up on."""
        try:
            while True:
                self.heard.append(json.loads(self.connection.recv(PATIENCE)))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else None


@contextmanager
def serving(
    folder: Path, *arguments: str, command: str = "serve", **settings: str
) -> Iterator[Server]:
    """The application, served for as long as the context is open."""
    port = int(settings.pop("PORT", 0)) or free_port()
    log = folder / f"server-{port}.log"
    given = {
        "ACTION_PATH": "chatter",
        "PORT": str(port),
        "JWT_SECRET_KEY": SECRET,
        "LOG_LEVEL": "warning",
        **settings,
    }
    words = [sys.executable, "-m", "servey_core", command, *arguments]
    env = environment(**given)
    with serving_process(words, port, log, cwd=HERE, env=env) as (process, client):
        yield Server(port, process, client, log)
