"""Requests per second over a socket: wrk against uvicorn, each server in a process of its own."""

import http.client
import json
import random
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from peers import Peer
from peers.contract import CASES, Case

from measuring.figures import RATE, Key, Samples

CONNECTIONS = 64
_SECONDS = 1
_PATIENCE = 60
_HERE = Path(__file__).parents[1]
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_WRONG = re.compile(r"(Non-2xx|Socket errors).*")


def missing() -> str:
    """Why nothing can be measured here; empty where it can."""
    return "" if shutil.which("wrk") else "wrk is not on PATH (apt-get install wrk)"


def measure_loopback(
    peers: Mapping[str, Peer], cases: Sequence[str], actions: Sequence[int], rounds: int
) -> Samples:
    """Measure all servers of a case in turn, in an order that changes with every round."""
    samples = Samples(RATE)
    for case in (CASES[name] for name in cases):
        for count in actions:
            with ExitStack() as stack:
                ports = {name: stack.enter_context(_server(name, case, count)) for name in peers}
                for name, port in ports.items():
                    _check(name, port, case)
                    _requests_per_second(port, case)  # warms it up
                for _ in range(rounds):
                    for name in random.sample(list(ports), len(ports)):
                        rate = _requests_per_second(ports[name], case)
                        samples.add(Key(case.name, count, name), rate)
    return samples


@contextmanager
def _server(name: str, case: Case, actions: int) -> Iterator[int]:
    """A server that another process runs; its port. It may not have started yet."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        port: int = listening.getsockname()[1]
        descriptor = listening.fileno()
        words = ["-m", "peers.serve", name, case.name, str(actions), str(descriptor)]
        process = subprocess.Popen(
            [sys.executable, *words], cwd=_HERE, pass_fds=[descriptor], stdin=subprocess.DEVNULL
        )
    try:
        yield port
    finally:
        process.kill()
        process.wait()


def _check(name: str, port: int, case: Case) -> None:
    """Wait until a server answers, and see that it answers like the others."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    headers = {key.decode(): value.decode() for key, value in case.headers}
    connection.request(case.method, case.target.decode(), case.body or None, headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.status == 200, f"{name}, {case.title}: {response.status} {body[:500]!r}"
    assert json.loads(body) == case.answer, f"{name}, {case.title}: {body[:500]!r}"


def _requests_per_second(port: int, case: Case) -> float:
    url = f"http://127.0.0.1:{port}{case.target.decode()}"
    with NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_script(case))
        script.flush()
        words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{_SECONDS}s", "-s", script.name, url]
        printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    wrong, rate = _WRONG.search(printed), _RATE.search(printed)
    assert rate is not None, printed
    assert wrong is None, f"{case.title}: {wrong.group()}"
    return float(rate.group(1))


def _script(case: Case) -> str:
    """The request, for wrk."""
    own = (b"content-length",)  # wrk writes it itself
    headers = [(name, value) for name, value in case.headers if name not in own]
    return "\n".join(
        [
            f"wrk.method = {_quoted(case.method)}",
            *([f"wrk.body = {_quoted(case.body.decode())}"] if case.body else []),
            *(
                f"wrk.headers[{_quoted(name.decode())}] = {_quoted(value.decode())}"
                for name, value in headers
            ),
        ]
    )


def _quoted(text: str) -> str:
    return json.dumps(text)
