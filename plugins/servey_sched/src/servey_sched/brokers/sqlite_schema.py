"""The SQLite file: its tables, and connections to it."""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from servey_core.private_files import make_private

T = TypeVar("T")

_PAUSE = 0.001
"""Seconds between two tries while another process writes."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS servey_jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL CHECK (typeof(priority) = 'integer'),
    state TEXT NOT NULL CHECK (state IN ('ready', 'delayed', 'running')),
    until INTEGER NOT NULL CHECK (typeof(until) = 'integer'),
    starts INTEGER NOT NULL CHECK (typeof(starts) = 'integer'),
    holder TEXT NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS servey_jobs_ready
    ON servey_jobs (queue, starts, priority, seq) WHERE state = 'ready';
CREATE INDEX IF NOT EXISTS servey_jobs_timed
    ON servey_jobs (until, queue, state) WHERE state != 'ready';
CREATE TABLE IF NOT EXISTS servey_dead_jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    starts INTEGER NOT NULL,
    body BLOB NOT NULL,
    error TEXT NOT NULL,
    died_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS servey_schedules (
    name TEXT PRIMARY KEY,
    last TEXT NOT NULL,
    fired INTEGER NOT NULL,
    missed INTEGER NOT NULL,
    dropped INTEGER NOT NULL,
    open TEXT NOT NULL,
    seen TEXT
) WITHOUT ROWID;
"""
"""Moments are milliseconds since the epoch.

`until` is when a job becomes ready without further ado: a delayed one by its time, a running one
by the end of its lease. `seq` is never given twice, so that it names one enqueue of a job; with
`starts` and `holder`, one delivery. `last` and `seen` are ticks as `tick_name` writes them; `open`
is a JSON list of ids.
"""


def opened(path: Path, patience: float) -> sqlite3.Connection:
    """A connection to the file, which is made for its owner alone where it is not there.

    It waits for no lock, and begins no transaction, by itself.

    Args:
        path: The file.
        patience: For how many seconds to wait while others hold it.

    Raises:
        sqlite3.Error: SQLite cannot use it.
        OSError: It cannot be made.
    """
    return patiently(lambda: _connected(path), patience)


def patiently(step: Callable[[], T], patience: float) -> T:
    """Do what others may keep from being done just now, trying for `patience` seconds.

    SQLite's own waiting pauses for up to 100 ms at a time.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(_PAUSE)


def is_busy(error: BaseException) -> bool:
    """Whether another connection holds the file, which passes."""
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))


def _connected(path: Path) -> sqlite3.Connection:
    make_private(path)
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    connection.text_factory = _text
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _text(raw: bytes) -> str:
    """Text that somebody else put there need not be any."""
    return raw.decode("utf-8", "replace")
