"""Websockets, by the Autobahn test suite: what fails must fail with uvicorn alone as well.

Channels do not say what they hear, which the suite wants: a server is judged that does, with the
protocol, the settings and the writer of channels. Left out is what the suite has on messages of
many megabytes (9), which are refused, and on compression (12 and 13), which is off.

The suite needs a Python 2.7; where there is one, `nox -s judges` installs it, and says by
`SERVEY_TEST_WSTEST` where its command is. Where nobody says so, also in CI, nothing is judged.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

WSTEST = os.environ.get("SERVEY_TEST_WSTEST") or shutil.which("wstest")
AGENTS = "bare", "servey"
CASES = ["1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*"]
PASSED = {"OK", "NON-STRICT", "INFORMATIONAL"}
PATIENCE = 240


@pytest.mark.skipif(WSTEST is None, reason="there is no wstest here, which needs Python 2.7")
def test_nothing_fails_that_does_not_fail_with_uvicorn_alone(tmp_path: Path) -> None:
    with ExitStack() as stack:
        servers = [{"agent": name, "url": stack.enter_context(echoing(name))} for name in AGENTS]
        reports = fuzzed(servers, tmp_path)
    failed = {name: failures(reports[name]) for name in AGENTS}
    assert len(reports["servey"]) == len(reports["bare"]) > 200
    assert failed["servey"].keys() <= failed["bare"].keys(), failed


def failures(report: dict[str, dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """The cases that failed, or whose connection was not closed as it should be."""
    found = {name: (case["behavior"], case["behaviorClose"]) for name, case in report.items()}
    return {name: how for name, how in found.items() if not PASSED.issuperset(how)}


def fuzzed(servers: list[dict[str, str]], folder: Path) -> dict[str, Any]:
    """What the suite says of each server, case by case."""
    spec = folder / "spec.json"
    wanted = {"outdir": str(folder), "servers": servers, "cases": CASES, "exclude-cases": []}
    spec.write_text(json.dumps({**wanted, "exclude-agent-cases": {}}))
    command = [str(WSTEST), "-m", "fuzzingclient", "-s", str(spec), "-u", "0"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=PATIENCE)
    reports: dict[str, Any] = json.loads((folder / "index.json").read_text())
    return reports


@contextmanager
def echoing(name: str) -> Iterator[str]:
    """The address of a server, which runs for as long as the context is open."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port, descriptor = listening.getsockname()[1], listening.fileno()
        server = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("echoing.py")), name, str(descriptor)],
            env={**os.environ, "SERVEY_STATE": "memory:", "SERVEY_LOG_LEVEL": "error"},
            pass_fds=[descriptor],
        )
    try:
        yield f"ws://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
