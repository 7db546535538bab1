"""Services that receive webhooks: real servers, which verify by the package `standardwebhooks`."""

import base64
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook
from waiting import PATIENCE, until

SECRET = f"whsec_{base64.b64encode(b'the first secret of the receiver').decode()}"
NEWER = f"whsec_{base64.b64encode(b'a second secret, for the future.').decode()}"


@dataclass
class Received:
    """A message that came."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    event: Any = None


@dataclass
class Receiver:
    """A service. What its path says is what it does.

    Attributes:
        port: The port of the server, on 127.0.0.1.
        messages: What came, and was verified.
        sent: How many bytes of endless answers it could send.
    """

    secrets: tuple[str, ...] = (SECRET,)
    port: int = 0
    messages: list[Received] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    sent: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/ok") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Received]:
        return [one for one in self.messages if one.path.partition("?")[0] == path]

    def wait_for(self, count: int, path: str = "/ok") -> list[Received]:
        until(lambda: len(self.at(path)) >= count)
        return self.at(path)

    @classmethod
    @contextmanager
    def running(cls, *secrets: str, host: str = "127.0.0.1", port: int = 0) -> Iterator["Receiver"]:
        """Run a service for as long as the context is open."""
        receiver = cls(secrets or (SECRET,))
        handler = type("Handler", (_Handler,), {"receiver": receiver})
        server = _Server((host, port), handler)
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.ended.set()
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 200


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    receiver: Receiver

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        message = Received(self.path, headers, body, time.monotonic())
        for secret in self.receiver.secrets:
            message.event = Webhook(secret).verify(body, headers)
        self.receiver.messages.append(message)
        _, what, *words = self.path.partition("?")[0].split("/")
        with suppress(ConnectionError):
            getattr(self, f"_{what.replace('-', '_')}")(*words)

    do_GET = do_POST  # noqa: N815 - for whoever follows a redirect

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _ok(self, *_: str) -> None:
        self._answer(204)

    def _status(self, status: str) -> None:
        self._answer(int(status), b"the reason\nis told")

    def _redirect(self, status: str) -> None:
        self._answer(int(status), Location=self.receiver.url("/ok"))

    def _busy(self, status: str, told: str) -> None:
        told = formatdate(time.time() + 90, usegmt=True) if told == "date" else told
        if told.startswith("in-"):
            told = f"Mon, 01 Jan {told[3:]} 00:00:00 GMT"
        self._answer(int(status), Retry_After=told)

    def _first_fails(self, *_: str) -> None:
        self._answer(503 if len(self.receiver.at(self.path)) == 1 else 200)

    def _hang(self, *_: str) -> None:
        self.receiver.ended.wait(PATIENCE)

    def _cut(self) -> None:
        self.close_connection = True

    def _drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        self._send(b"x", pause=0.1)

    def _drip(self, status: str) -> None:
        self.wfile.write(f"HTTP/1.1 {status} Well\r\nContent-Length: 1000000\r\n\r\n".encode())
        self._send(b"x", pause=0.1)

    def _endless(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        self._send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    def _huge(self) -> None:
        self.wfile.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 1073741824\r\n\r\n")
        self._send(b"x" * 0x10000)

    def _send(self, part: bytes, pause: float = 0.0) -> None:
        while not self.receiver.ended.wait(pause):
            self.wfile.write(part)
            self.receiver.sent += len(part)
