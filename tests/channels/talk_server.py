"""The application of `talk.py`, served in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from ports import free_port
from serving import serving_process

HERE = Path(__file__).parent
PASSWORD = "open, please"


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
    command = [sys.executable, "-m", "servey_core", "serve"]
    env = environment(**given)
    with TemporaryDirectory() as name:
        folder = Path(name)
        with serving_process(command, port, folder / "log", cwd=folder, env=env) as (_, client):
            yield client
