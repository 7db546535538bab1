"""Opening the file that holds events."""

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from servey_core.private_files import make_private

BUSY_SECONDS = 5.0
"""How long an operation waits while another process writes."""

_BUSY = ("SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_LOCKED")
_BUSY_PAUSE = 0.02  # in seconds

_BOOT = Path("/proc/sys/kernel/random/boot_id")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS servey_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    channel TEXT NOT NULL,
    number INTEGER NOT NULL,
    event BLOB NOT NULL,
    target TEXT NOT NULL,
    at REAL NOT NULL,
    UNIQUE (channel, number)
);
CREATE TABLE IF NOT EXISTS servey_event_streams (
    channel TEXT PRIMARY KEY, last INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS servey_event_epochs (boot TEXT PRIMARY KEY, epoch TEXT NOT NULL);
"""


@dataclass(frozen=True)
class File:
    """An open file.

    Attributes:
        connection: To it; transactions are begun by hand.
        epoch: The log's epoch.
        identity: Its device and inode.
    """

    connection: sqlite3.Connection
    epoch: str
    identity: tuple[int, int]

    def is_at(self, path: Path) -> bool:
        """Whether it is still the one of that name: somebody may have removed it."""
        try:
            return _identity(path) == self.identity
        except FileNotFoundError:
            return False


def opened(path: Path) -> File:
    """Open a file, which is made where there is none, with the tables in it.

    Raises:
        sqlite3.Error: It cannot be used.
        OSError: It cannot be made.
    """
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            return _opened(path)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname not in _BUSY or time.monotonic() > deadline:
                raise
        # Several processes make the file at once: SQLite refuses some, and does not let them wait.
        time.sleep(_BUSY_PAUSE)


def _opened(path: Path) -> File:
    make_private(path)
    identity = _identity(path)
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        boot = _BOOT.read_text().strip() if _BOOT.exists() else ""
        connection.execute("PRAGMA journal_mode = WAL")
        # Where boots can be told apart, what a crash of the machine takes is known to be lost.
        connection.execute(f"PRAGMA synchronous = {'NORMAL' if boot else 'FULL'}")
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
        return File(connection, _epoch(connection, boot), identity)
    except BaseException:
        connection.close()
        raise


def _epoch(connection: sqlite3.Connection, boot: str) -> str:
    """The epoch of this boot."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "INSERT INTO servey_event_epochs VALUES (?, ?) ON CONFLICT DO NOTHING",
            (boot, token_hex(8)),
        )
        connection.execute("DELETE FROM servey_event_epochs WHERE boot != ?", (boot,))
        row = connection.execute("SELECT epoch FROM servey_event_epochs").fetchone()
    return str(row[0])


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
