"""Real applications, each on a real socket, in a thread of its own."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import httpx
import pytest
from waiting import PATIENCE, until

from servey_core import (
    Authorization,
    Channel,
    Runtime,
    ServiceContext,
    Trigger,
    action_of,
    start,
)
from servey_web.sockets import open_sockets

HAS_REST = find_spec("servey_rest") is not None
needs_rest = pytest.mark.skipif(not HAS_REST, reason="servey-rest is not installed")


def by_rest(*triggers: Trigger) -> tuple[Trigger, ...]:
    """Triggers that REST serves, where it is installed: the web host is tested without it, too."""
    return triggers if HAS_REST else ()


class FinishedRequests(logging.Handler):
    """The access log's records of requests that a server has done with."""

    def __init__(self) -> None:
        super().__init__()
        self._records: list[logging.LogRecord] = []
        self._logged = threading.Condition()

    def emit(self, record: logging.LogRecord) -> None:
        with self._logged:
            self._records.append(record)
            self._logged.notify_all()

    def wait_for(self, **fields: object) -> None:
        """Wait for a request whose record has these fields: those before it may end late."""

        def is_there() -> bool:
            return any(fields.items() <= vars(one).items() for one in self._records)

        with self._logged:
            assert self._logged.wait_for(is_there, PATIENCE), (fields, self._records)


@contextmanager
def finished_requests() -> Iterator[FinishedRequests]:
    """The requests that a server has done with from here on."""
    finished = FinishedRequests()
    logger = logging.getLogger("servey.access")
    level = logger.level
    logger.addHandler(finished)
    logger.setLevel(logging.INFO)
    try:
        yield finished
    finally:
        logger.removeHandler(finished)
        logger.setLevel(level)


@contextmanager
def serving_process(
    command: Sequence[str], port: int, log: Path, *, cwd: Path, env: Mapping[str, str]
) -> Iterator[tuple["subprocess.Popen[bytes]", httpx.Client]]:
    """A process that serves an application on a port, which is ready, and a client of it."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=cwd, env=env, stdout=file, stderr=file, start_new_session=True
        )

    def is_ready() -> bool:
        assert process.poll() is None, log.read_text()
        with suppress(httpx.TransportError):
            return client.get("/readyz").is_success
        return False

    try:
        url = f"http://127.0.0.1:{port}"
        with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            until(is_ready)
            yield process, client
        process.terminate()
        process.wait(PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and its workers
        process.wait()


def start_with(functions: Iterable[Any], **given: Any) -> Runtime:
    """Start up with functions, channels and settings, and serve nothing."""
    declared = list(functions)
    actions = [found for one in declared if (found := action_of(one)) is not None]
    channels = [one for one in declared if isinstance(one, Channel)]
    return start(actions=actions, channels=channels, given=given)


@dataclass
class Served:
    """An application that is being served."""

    runtime: Runtime
    url: str
    client: httpx.Client

    @classmethod
    @contextmanager
    def running(cls, functions: Iterable[Any], **given: Any) -> Iterator[Self]:
        """Serve functions, with settings, for as long as the context is open."""
        runtime = start_with(functions, **given)
        service = runtime.services()["web"].record
        runtime.require_served([service])
        [listening] = open_sockets("127.0.0.1", 0)
        started = threading.Event()
        ready: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

        async def run() -> None:
            stop = asyncio.Event()
            ready.append((asyncio.get_running_loop(), stop))
            grace = given.get("grace_seconds", 2.0)
            await service.run(ServiceContext(stop, grace, [listening], started.set))

        thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
        thread.start()
        assert started.wait(PATIENCE)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            yield cls(runtime, url, client)
        loop, stop = ready[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()
        runtime.pool.close(2.0)

    def exchange(self, request: bytes) -> bytes:
        """Send bytes, and read until the server hangs up."""
        address = (self.client.base_url.host, self.client.base_url.port)
        with socket.create_connection(address, timeout=PATIENCE) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def credentials(self, *scopes: str, subject: str = "ann") -> dict[str, str]:
        """The header of a caller with these scopes."""
        expires_at = datetime.now(UTC) + timedelta(minutes=5)
        authorization = Authorization(subject, frozenset(scopes), expires_at=expires_at)
        return {"Authorization": f"Bearer {self.runtime.authorizer.issue(authorization)}"}
