"""Waking consumers when there is something for them, whichever process put it there."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servey_sched.brokers.sqlite_jobs import MOST_STARTS, Wanted, now
from servey_sched.brokers.sqlite_schema import opened

_EVERY = 0.005
"""Seconds between two looks while a consumer waits: each costs some microseconds."""

_NEVER = 2**63


class Watch:
    """One thread that looks for all consumers of a process that wait, and none while none does.

    What this process commits it is told of. What others commit shows in SQLite's `data_version`,
    which is read in shared memory; the tables are read only when it has changed.

    Args:
        path: The file, which has its tables.
        patience: For how many seconds to wait while others hold the file.
    """

    def __init__(self, path: Path, patience: float) -> None:
        self._path = path
        self._patience = patience
        self._waiting: set[Waiter] = set()
        self._bell = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="servey-jobs-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def waiting(self, waiter: "Waiter") -> Iterator[None]:
        """Watch for a consumer, which waits for its event meanwhile."""
        self._waiting.add(waiter)
        self._bell.set()
        try:
            yield
        finally:
            self._waiting.discard(waiter)

    def ring(self) -> None:
        """Look at once, as this process has committed something."""
        if self._waiting:
            self._bell.set()

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._bell.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closed:
            try:
                connection = opened(self._path, self._patience)
            except (sqlite3.Error, OSError):
                self._wake_all()
                continue
            try:
                self._look(connection)
            except sqlite3.Error:
                self._wake_all()
            finally:
                connection.close()

    def _look(self, connection: sqlite3.Connection) -> None:
        version, next_moment, told = -1, _NEVER, frozenset[Waiter]()
        while not self._closed:
            self._bell.wait(_EVERY if self._waiting else None)
            self._bell.clear()
            waiting = frozenset(self._waiting)
            (current,) = connection.execute("PRAGMA data_version").fetchone()
            if current == version and waiting <= told and now() < next_moment:
                continue
            version, told = current, waiting
            query = "SELECT min(until) FROM servey_jobs WHERE state != 'ready'"
            (next_moment,) = connection.execute(query).fetchone()
            next_moment = _NEVER if next_moment is None else next_moment
            for waiter in waiting:
                if next_moment <= now() or waiter.has_something(connection):
                    waiter.wake.set()

    def _wake_all(self) -> None:
        """Let the consumers find out themselves what is wrong with the file."""
        for waiter in frozenset(self._waiting):
            waiter.wake.set()
        time.sleep(_EVERY)


@dataclass(frozen=True, eq=False, slots=True)
class Waiter:
    """A consumer that waits.

    Attributes:
        wanted: For which jobs.
        wake: What is set when there are some.
    """

    wanted: Wanted
    wake: threading.Event

    def has_something(self, connection: sqlite3.Connection) -> bool:
        """Whether there is something ready for it."""
        wanted = self.wanted
        least = 1 if wanted.again else wanted.alone_from
        most = MOST_STARTS if wanted.alone else wanted.alone_from - 1
        query = (
            "SELECT 1 FROM servey_jobs WHERE queue = ? AND state = 'ready'"
            " AND (starts = 0 OR starts BETWEEN ? AND ?) LIMIT 1"
        )
        return connection.execute(query, (wanted.queue, least, most)).fetchone() is not None
