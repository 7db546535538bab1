"""A PostgreSQL for tests: the one that is given, that of this machine, or one of their own."""

import atexit
import functools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from ports import free_port
from waiting import PATIENCE

USUAL = "postgresql://postgres@127.0.0.1:5432/postgres"


@functools.cache
def server_url() -> str:
    """A server whose user may make databases; a test without one is skipped, or fails in CI."""
    if given := os.environ.get("SERVEY_TEST_POSTGRES_URL"):
        return given
    return USUAL if answers(USUAL) else OwnPostgres(*programs()).url


@contextmanager
def database() -> Iterator[str]:
    """The URL of an empty database, which is dropped in the end."""
    name = f"servey_test_{uuid4().hex}"
    server = server_url()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def for_sqlalchemy(url: str) -> str:
    """The same URL, for the driver of which there is a blocking and an asynchronous kind."""
    return urlunsplit(urlsplit(url)._replace(scheme="postgresql+psycopg"))


class OwnPostgres:
    """A PostgreSQL on a free port, which ends with this process.

    It refuses to be root's, so then it is that of the user whom packages make for it, or nobody's.

    Args:
        initdb: The program that makes its files.
        postgres: The program itself.
    """

    def __init__(self, initdb: Path, postgres: Path) -> None:
        port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="servey-postgres-"))
        self._user = unprivileged() if os.getuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        self._run(
            *(initdb, "--pgdata", data, "--username", "postgres", "--auth", "trust"),
            *("--no-sync", "--encoding", "UTF8", "--locale", "C"),
        ).wait()
        self._process = self._run(
            *(postgres, "-D", data, "-p", str(port), "-k", self._folder),
            *("-c", "listen_addresses=127.0.0.1"),
        )
        atexit.register(self.stop)
        self.url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        deadline = time.monotonic() + PATIENCE
        while not answers(self.url):
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, "the PostgreSQL does not answer"
            time.sleep(0.05)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def stop(self) -> None:
        """End it, and remove its files."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(PATIENCE)
        shutil.rmtree(self._folder)

    def _run(self, *command: str | Path) -> "subprocess.Popen[bytes]":
        with self._log.open("ab") as log:
            return subprocess.Popen(
                command, cwd=self._folder, user=self._user, stdout=log, stderr=log
            )


def programs() -> tuple[Path, Path]:
    """Where `initdb` and `postgres` are; distributions keep them from `PATH`."""
    usual = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: int(one.parts[-2]))
    folders = [*reversed(usual), Path("/usr/lib/postgresql/bin"), Path("/usr/pgsql/bin")]
    path = os.pathsep.join([os.environ["PATH"], *map(str, folders)])
    initdb, postgres = shutil.which("initdb", path=path), shutil.which("postgres", path=path)
    if not (initdb and postgres):
        reason = "there is no PostgreSQL: install one, or name it with SERVEY_TEST_POSTGRES_URL"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return Path(str(initdb)), Path(str(postgres))


def unprivileged() -> str:
    """Somebody who is not root."""
    names = {one.pw_name for one in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def answers(url: str) -> bool:
    """Whether a server is there that lets us in."""
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True
