"""State in an SQLite file: for all processes of one machine."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from servey_core.errors import SettingsError, Unavailable
from servey_core.private_files import make_private
from servey_core.state.resident import Residence
from servey_core.state.store import StateStore, StateStoreFactory

BUSY_SECONDS = 5.0
"""How long an operation waits while another process writes."""

_URL = "sqlite:///"
_BUSY = ("SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_LOCKED")
_BUSY_PAUSE = 0.02  # in seconds
_PURGED_AT_ONCE = 8
"""How many expired values go with each new one: more than one, so that none pile up."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS servey_state (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS servey_state_expiry ON servey_state (expires_at);
"""

_log = logging.getLogger("servey.state")


class SqliteStore(StateStore):
    """Keeps values in a file, which is made when it is first needed, for its owner alone.

    What was set is on the disk when the operation returns: neither a crash of the process nor one
    of the machine loses it. The file must be on a local disk, not on a network's.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._table = Residence(partial(_Table, path), "servey-state")

    async def get(self, key: str) -> bytes | None:
        """The value of `key`; None where there is none."""
        return await self._table.use(_Table.get, key)

    async def add(self, key: str, value: bytes, seconds: float) -> bytes | None:
        """Set `key` where it is absent; else give what is there."""
        return await self._table.use(_Table.add, key, value, seconds)

    async def replace(self, key: str, expected: bytes, value: bytes, seconds: float) -> bool:
        """Set `key` anew where its value is `expected`."""
        return await self._table.use(_Table.replace, key, expected, value, seconds)

    async def remove(self, key: str, expected: bytes) -> bool:
        """Remove `key` where its value is `expected`."""
        return await self._table.use(_Table.remove, key, expected)

    async def close(self) -> None:
        """Close the file."""
        await self._table.close()


class _Table:
    """The table that holds the values; every method blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = _opened(path)

    def get(self, key: str) -> bytes | None:
        with self._reporting():
            return self._value(key, time.time())

    def add(self, key: str, value: bytes, seconds: float) -> bytes | None:
        now = time.time()
        with self._reporting(), self._connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            present = self._value(key, now)
            if present is None:
                connection.execute(
                    "DELETE FROM servey_state WHERE rowid IN "
                    "(SELECT rowid FROM servey_state WHERE expires_at <= ? LIMIT ?)",
                    (now, _PURGED_AT_ONCE),
                )
                connection.execute(
                    "INSERT OR REPLACE INTO servey_state VALUES (?, ?, ?)",
                    (key, value, now + seconds),
                )
            return present

    def replace(self, key: str, expected: bytes, value: bytes, seconds: float) -> bool:
        now = time.time()
        return self._changes_one(
            "UPDATE servey_state SET value = ?, expires_at = ? "
            "WHERE key = ? AND value = ? AND expires_at > ?",
            (value, now + seconds, key, expected, now),
        )

    def remove(self, key: str, expected: bytes) -> bool:
        return self._changes_one(
            "DELETE FROM servey_state WHERE key = ? AND value = ? AND expires_at > ?",
            (key, expected, time.time()),
        )

    def close(self) -> None:
        self._connection.close()

    def _value(self, key: str, now: float) -> bytes | None:
        query = "SELECT value FROM servey_state WHERE key = ? AND expires_at > ?"
        row = self._connection.execute(query, (key, now)).fetchone()
        return row[0] if row else None

    def _changes_one(self, statement: str, parameters: tuple[object, ...]) -> bool:
        with self._reporting():
            return self._connection.execute(statement, parameters).rowcount == 1

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _unavailable(self._path, error) from error


def _opened(path: Path) -> sqlite3.Connection:
    """A connection to the file, with the table in it; transactions are begun by hand.

    Raises:
        SettingsError: The file cannot be made or used.
        Unavailable: Another process has kept it locked.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            make_private(path)
            return _connected(path)
        except (OSError, sqlite3.Error) as error:
            if getattr(error, "sqlite_errorname", "") not in _BUSY:
                raise _unusable(path, str(error)) from error
            if time.monotonic() > deadline:
                raise _unavailable(path, error) from error
        # Several processes make the file at once: SQLite refuses some, and does not let them wait.
        time.sleep(_BUSY_PAUSE)


def _connected(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def build_sqlite_store(url: str) -> SqliteStore:
    """Make the store that an `sqlite` URL names; the file is made later.

    Raises:
        SettingsError: The URL names no file, or one in a folder that is not there.
    """
    name = url[len(_URL) :]
    if not url.lower().startswith(_URL) or name in ("", "/", ":memory:"):
        raise SettingsError(
            f"SERVEY_STATE is {url!r}, which names no file: `sqlite:///servey.db` is one in the "
            "working folder, and `sqlite:////var/lib/app/servey.db` one elsewhere. The state in "
            "memory is `memory:`."
        )
    path = Path(name).absolute()
    if not path.parent.is_dir():
        raise _unusable(path, "there is no such folder")
    return SqliteStore(path)


def _unavailable(path: Path, error: Exception) -> Unavailable:
    _log.error("The state in %s cannot be used: %s", path, error)
    return Unavailable("The state store (sqlite) cannot be used just now.")


def _unusable(path: Path, reason: str) -> SettingsError:
    return SettingsError(
        f"SERVEY_STATE: the state cannot be kept in {path}: {reason}. Name a file that can be "
        "written, such as `sqlite:////var/lib/app/servey.db`."
    )


sqlite_factory = StateStoreFactory("sqlite", build_sqlite_store)
