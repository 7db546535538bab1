"""The application of `talk.py`, served in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from ports import free_port

HERE = Path(__file__).parent
PASSWORD = "open, please"
PATIENCE = 30.0


def environment(**settings: str) -> dict[str, str]:
    """The variables of a process that has these settings alone; what is not tried stays away."""
    outer = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("SERVEY_", "PYTEST_", "COV_"))
    }
    own = {"ACTION_PATH": "talk", "STATE": "memory:", "PLUGINS_DENY": "graphql", **settings}
    given = {f"SERVEY_{name}": value for name, value in own.items()}
    return {**outer, "PYTHONPATH": str(HERE), **given}


def generated(**settings: str) -> bytes:
    """What `servey generate asyncapi` prints."""
    command = [sys.executable, "-m", "servey_core", "generate", "asyncapi"]
    with TemporaryDirectory() as folder:
        made = subprocess.run(
            command, cwd=folder, env=environment(**settings), check=True, capture_output=True
        )
    return made.stdout


@contextmanager
def talking(port: int = 0, **settings: str) -> Iterator[httpx.Client]:
    """The application, served for as long as the context is open."""
    port = port or free_port()
    given = {
        "PORT": str(port),
        "ACCESS_LOG": "false",
        "LOG_LEVEL": "error",
        "DEBUG_AUTHENTICATOR_PASSWORD": PASSWORD,
        **settings,
    }
    folder = TemporaryDirectory()
    server = subprocess.Popen(
        [sys.executable, "-m", "servey_core", "serve"],
        cwd=folder.name,
        env=environment(**given),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            _wait_for(client, server)
            yield client
        server.terminate()
        server.wait(PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()
        folder.cleanup()


def _wait_for(client: httpx.Client, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert server.poll() is None, "the application ended before it was served"
        with suppress(httpx.ConnectError):
            client.get("/readyz").raise_for_status()
            return
        time.sleep(0.05)  # nothing tells from outside
    raise AssertionError("the application is not served")
