"""The brokers of jobs: a Redis of our own, a RabbitMQ that is there, and files."""

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pika
import redis
from peers.jobs import RABBITMQ, REDIS, SQLITE

RABBITMQ_URL = os.environ.get("SERVEY_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672/")
DATABASES = 32

_PATIENCE = 20


@dataclass(frozen=True)
class Place:
    """Where one library's jobs wait.

    Attributes:
        broker: The kind of broker.
        url: Where it is.
        file: The file of the jobs, where they are in one.
    """

    broker: str
    url: str
    file: Path | None = None

    @property
    def locked(self) -> bool:
        """Whether somebody keeps others from writing just now."""
        if self.file is None:
            return False
        connection = sqlite3.connect(self.file, timeout=0.2, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
        finally:
            connection.close()
        return False


class Servers:
    """Gives each library a place of its own.

    Args:
        folder: Where files are kept; on a disk, so that durable means the same for all.
        port: The Redis' port; 0 where there is none.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = port
        self._places = 0

    @contextmanager
    def place(self, broker: str) -> Iterator[Place]:
        """An empty place, which is cleared at the end."""
        self._places += 1
        if broker == REDIS:
            yield from self._database(f"redis://127.0.0.1:{self._port}/{self._places % DATABASES}")
        elif broker == RABBITMQ:
            yield Place(broker, RABBITMQ_URL)
        else:
            folder = self._folder / f"place-{self._places}"
            folder.mkdir()
            yield Place(broker, f"sqlite:///{folder}/jobs.db", folder / "jobs.db")
            shutil.rmtree(folder)

    @staticmethod
    def _database(url: str) -> Iterator[Place]:
        with redis.from_url(url) as client:
            client.flushdb()
            yield Place(REDIS, url)
            client.flushdb()


def missing(broker: str) -> str:
    """Why a broker cannot be measured; empty where it can."""
    if broker == REDIS and not _redis_program():
        return "there is no redis-server on PATH"
    if broker == RABBITMQ and not _rabbitmq_answers():
        return "there is no RabbitMQ at SERVEY_TEST_RABBITMQ_URL, nor at the usual port"
    return ""


@contextmanager
def servers(folder: Path, brokers: list[str]) -> Iterator[Servers]:
    """What is needed for these brokers.

    The Redis writes each command to the disk before it answers.
    """
    if REDIS not in brokers:
        yield Servers(folder, 0)
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            *(_redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
            *("--auto-aof-rewrite-percentage", "0", "--databases", str(DATABASES)),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield Servers(folder, port)
    finally:
        process.kill()
        process.wait()


def describe(brokers: Iterable[str]) -> list[str]:
    """The versions of the brokers."""
    told = {
        SQLITE: lambda: f"SQLite {sqlite3.sqlite_version}",
        REDIS: _redis_version,
        RABBITMQ: _rabbitmq_version,
    }
    return [told[broker]() for broker in brokers]


def _redis_version() -> str:
    words = [_redis_program(), "--version"]
    printed = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    return f"Redis {printed.partition('v=')[2].partition(' ')[0]}"


def _rabbitmq_version() -> str:
    with pika.BlockingConnection(pika.URLParameters(RABBITMQ_URL)) as connection:
        properties = connection._impl.server_properties  # noqa: SLF001 - told nowhere else
        return f"RabbitMQ {properties['version']}"


def _redis_program() -> str:
    return shutil.which("redis-server") or shutil.which("valkey-server") or ""


def _rabbitmq_answers() -> bool:
    try:
        pika.BlockingConnection(pika.URLParameters(RABBITMQ_URL)).close()
    except pika.exceptions.AMQPError:
        return False
    return True


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            with redis.Redis(port=port) as client:
                client.ping()
        except redis.ConnectionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
