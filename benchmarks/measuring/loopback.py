"""Requests per second over a socket: wrk against uvicorn, each server in a process of its own."""

import http.client
import itertools
import json
import random
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Self

from measuring.cases import Case
from measuring.figures import RATE, Key, Samples

_SECONDS = 1
_PATIENCE = 60
_HERE = Path(__file__).parents[1]
_RATE = re.compile(r"Requests/sec:\s+([\d.]+)")
_WRONG = re.compile(r"(Non-2xx|Socket errors).*")
_MOST = 1_000_000
"""How many requests there are in one run of wrk at the most."""

_runs = itertools.count(1)

Words = tuple[str, ...]
"""The words for `peers.serve` behind the first, the number of the socket."""


def missing() -> str:
    """Why nothing can be measured here; empty where it can."""
    return "" if shutil.which("wrk") else "wrk is not on PATH (apt-get install wrk)"


def measure_loopback(
    cases: Mapping[str, Case],
    keys: Sequence[Key],
    words: Callable[[Key], Words],
    rounds: int,
    connections: int,
) -> Samples:
    """Measure all servers of a case in turn, in an order that changes with every round.

    Args:
        cases: The kinds of request, by their names.
        keys: What to measure. Those that follow each other and differ in the peer alone are
            compared with each other.
        words: What to serve for each.
        rounds: How often.
        connections: How many requests are under way at a time.
    """
    samples = Samples(RATE)
    with _Servers() as servers:
        for (name, _), group in itertools.groupby(keys, lambda key: (key.case, key.actions)):
            case, together = cases[name], list(group)
            ports = dict(
                zip(together, servers.serve([words(key) for key in together]), strict=True)
            )
            for key, port in ports.items():
                _check(key.peer, port, case)
                _requests_per_second(port, case, connections)  # warms it up
            for _ in range(rounds):
                for key in random.sample(together, len(together)):
                    samples.add(key, _requests_per_second(ports[key], case, connections))
    return samples


class _Servers:
    """The servers that run: one goes on as long as it is asked for."""

    def __init__(self) -> None:
        self._running: dict[Words, tuple[ExitStack, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.serve([])

    def serve(self, wanted: Sequence[Words]) -> list[int]:
        """Have these run, and no others; their ports. They may not have started yet."""
        for words in self._running.keys() - set(wanted):
            self._running.pop(words)[0].close()
        for words in wanted:
            if words not in self._running:
                stack = ExitStack()
                self._running[words] = stack, stack.enter_context(_server(words))
        return [self._running[words][1] for words in wanted]


@contextmanager
def _server(words: Words) -> Iterator[int]:
    """A server that another process runs; its port. It may not have started yet."""
    with socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        port: int = listening.getsockname()[1]
        descriptor = listening.fileno()
        process = subprocess.Popen(
            [sys.executable, "-m", "peers.serve", str(descriptor), *words],
            cwd=_HERE,
            pass_fds=[descriptor],
            stdin=subprocess.DEVNULL,
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
    assert case.answer_in(body) == case.answer, f"{name}, {case.title}: {body[:500]!r}"


def _requests_per_second(port: int, case: Case, connections: int) -> float:
    url = f"http://127.0.0.1:{port}{case.target.decode()}"
    with NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_script(case))
        script.flush()
        words = ["wrk", "-t1", f"-c{connections}", f"-d{_SECONDS}s", "-s", script.name, url]
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
            *([_numbering(case.digits.decode())] if case.digits else []),
        ]
    )


def _numbering(digits: str) -> str:
    """Have the number in the body be another one in every request of every run."""
    return f"""
    local number = {next(_runs) * _MOST}
    function request()
        number = number + 1
        local digits = string.format("%0{len(digits)}d", number)
        return wrk.format(nil, nil, nil, (string.gsub(wrk.body, "{digits}", digits)))
    end
    """


def _quoted(text: str) -> str:
    return json.dumps(text)
