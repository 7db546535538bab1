"""The README's one command that sets everything up and serves the example application."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from ports import free_port
from snippets import ROOT

pytest.importorskip("nox")

SETUP_SECONDS = 240
STOP_SECONDS = 30


def wait_for(url: str, process: subprocess.Popen, log: Path) -> bytes:
    deadline = time.monotonic() + SETUP_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with urlopen(url, timeout=60) as response:
                return response.read()
        except (URLError, ConnectionError):
            time.sleep(0.2)
    raise TimeoutError(log.read_text())


def test_one_command_sets_up_and_serves(tmp_path: Path) -> None:
    assert "pip install nox uv && nox -s serve\n" in (ROOT / "README.md").read_text()
    port, log = free_port(), tmp_path / "log"
    environment = {name: value for name, value in os.environ.items() if "SERVEY" not in name}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "nox", "-s", "serve"],
            cwd=ROOT,
            env={**environment, "SERVEY_PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        answer = wait_for(f"http://127.0.0.1:{port}/actions/say-hello?name=World", process, log)
        assert answer == b'"Hello World!"'
    finally:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(STOP_SECONDS)
