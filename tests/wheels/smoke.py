"""What a new user does with the installed wheels, and nothing but the standard library here.

The folder of the installed `servey` command is in the environment variable `SERVEY_SMOKE_BIN`.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HELLO = '''\
from servey_core import WEB_GET, action


@action(triggers=(WEB_GET,))
def say_hello(name: str) -> str:
    """Greet a user!"""
    return f"Hello {name}!"
'''
SERVEY = Path(os.environ["SERVEY_SMOKE_BIN"]) / ("servey.exe" if os.name == "nt" else "servey")
START_SECONDS = 30


def main() -> None:
    """Fail with an `AssertionError` where something is not as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "actions.py").write_text(HELLO)
        assert "Usage: servey" in servey(folder, "--help")
        assert "World" in servey(folder, "run", "say_hello", "--name", "World")
        with serving(folder) as base:
            answer = get(f"{base}/actions/say-hello?name=World")
            assert answer == '"Hello World!"', answer
            assert "say-hello" in get(f"{base}/openapi.json")
            assert "<html" in get(f"{base}/docs").lower()
    print("the installed wheels serve the first example")


def servey(folder: str, *arguments: str) -> str:
    """What a command prints."""
    return subprocess.run(
        [SERVEY, *arguments], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


@contextmanager
def serving(folder: str) -> Iterator[str]:
    """Run `servey serve` for a while; it must end well."""
    port = free_port()
    environment = {**os.environ, "SERVEY_PORT": str(port)}
    process = subprocess.Popen([SERVEY, "serve"], cwd=folder, env=environment)
    try:
        base = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{base}/readyz", process)
        yield base
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=START_SECONDS)
        assert code == 0, f"it ended with {code}"
    finally:
        process.kill()


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    """Ask until there is an answer."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"it ended with {process.returncode}"
        try:
            get(url)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(url)


def get(url: str) -> str:
    """The body of an answer."""
    with urllib.request.urlopen(url, timeout=60) as response:
        body: bytes = response.read()
    return body.decode()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


if __name__ == "__main__":
    sys.exit(main())
