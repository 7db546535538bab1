"""The processes of the fan-out: servers, and what is known of them from outside; and clients."""

import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peers.fanout.contract import PUBLISH

HERE = Path(__file__).parents[1]
PATIENCE = 60.0
_QUIET = 0.3
_LEAVING = 20.0


class Server:
    """A server that runs.

    Args:
        port: Where it listens.
        process: Its process; others that it has started serve too.
    """

    def __init__(self, port: int, process: "subprocess.Popen[bytes]") -> None:
        self.port = port
        self._process = process
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)

    def publish(self, size: int, count: int) -> None:
        """Have it publish so many events of so many bytes."""
        body = json.dumps({"size": size, "count": count})
        self._connection.request("POST", PUBLISH, body, {"content-type": "application/json"})
        response = self._connection.getresponse()
        found = response.read()
        assert response.status in (200, 204), f"{response.status} {found[:500]!r}"

    def wait(self) -> None:
        """Wait until it serves."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                self.publish(64, 0)
            except OSError:
                self._connection.close()
                assert self._process.poll() is None, "the server has ended"
                assert time.monotonic() < end, "the server does not serve"
                time.sleep(0.05)
            else:
                return

    def cpu(self) -> dict[int, float]:
        """The CPU time that each of its processes has taken, in seconds."""
        return {number: _cpu(number) for number in _family(self._process.pid)}

    def memory(self) -> int:
        """How much memory it has, in KiB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


@contextmanager
def server(peer: str) -> Iterator[Server]:
    """The server of a library."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        descriptor = listening.fileno()
        words = [sys.executable, "-m", "peers.fanout.serve", str(descriptor), peer]
        started = start(words, pass_fds=[descriptor])
        port = listening.getsockname()[1]
    with ending(started):
        yield Server(port, started)


def start(words: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    """Start a process."""
    given = {"cwd": HERE, "stdin": subprocess.DEVNULL, **options}
    return subprocess.Popen(words, **given)


@contextmanager
def ending(started: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    """A process, which ends with the context."""
    try:
        yield started
    finally:
        started.terminate()
        try:
            started.wait(_LEAVING)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


class Talk:
    """A process that answers each line with a line.

    Args:
        words: Its command.
        variables: Its environment; None for that of this process.
    """

    def __init__(self, words: Sequence[str], variables: Mapping[str, str] | None = None) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [sys.executable, *words], cwd=HERE, env=variables, stdin=pipe, stdout=pipe, text=True
        )
        self.answer()

    def ask(self, *words: Any) -> None:
        """Say something, which `answer` will answer."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps(words) + "\n")
        stdin.flush()

    def answer(self) -> str:
        """Wait for the next line."""
        stdout = self._process.stdout
        assert stdout is not None
        line = stdout.readline()
        assert line, f"a process has ended: {self._process.wait()}"
        return line

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


class Clients(Talk):
    """Clients that are connected.

    Args:
        port: Where.
        path: Where there.
        hello: What they say first.
        count: How many.
    """

    def __init__(self, port: int, path: str, hello: str, count: int) -> None:
        words = json.dumps([port, path, hello, count])
        super().__init__(["-m", "measuring.fanout_client", words])

    def expect(self, events: int) -> None:
        """Begin to wait for so many events on every socket."""
        self.ask(events, PATIENCE)

    def received(self) -> dict[str, Any]:
        """Wait until they have come."""
        found: dict[str, Any] = json.loads(self.answer())
        return found

    def settle(self) -> None:
        """Wait until nothing comes any more."""
        self.ask(0, _QUIET)
        self.answer()


def _family(number: int) -> Iterator[int]:
    yield number
    for task in Path(f"/proc/{number}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def _cpu(number: int) -> float:
    tasks = Path(f"/proc/{number}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
