"""The one place of a process that writes: what has gathered while it wrote goes in one commit."""

import logging
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from dramatiq.errors import ConnectionClosed, ConnectionFailed

from servey_sched.brokers.sqlite_schema import is_busy, opened, patiently

T = TypeVar("T")

_GROUP = 500
"""How many operations share a commit at most."""

_log = logging.getLogger("servey.jobs")


class Writer:
    """Runs operations on the file, in the order in which they come.

    What comes while nothing else does runs in its caller's thread, which saves two changes of
    threads. What comes meanwhile is for a thread of the writer's own: an exception that is raised
    inside a caller's thread, by Dramatiq or by Ctrl-C, must not hit a transaction that carries
    others' operations.

    Args:
        path: The file; it is opened at the first operation.
        patience: For how many seconds an operation waits while other processes write.
        on_commit: Called after each commit, in the thread that made it.
    """

    def __init__(self, path: Path, patience: float, on_commit: Callable[[], None]) -> None:
        self._path = path
        self._patience = patience
        self._on_commit = on_commit
        self._operations: SimpleQueue[_Operation[Any] | None] = SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._durable = True
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._closed = False

    def run(self, work: Callable[[sqlite3.Connection], T], *, durable: bool = False) -> T:
        """Run an operation in a transaction, and wait until it is committed.

        Args:
            work: The operation. It may be run again, in another transaction, after it failed.
            durable: Whether the commit must be on the disk. Where it need not, it is kept from
                every other crash than the machine's, and is on the disk with the next that must.

        Returns:
            What the operation returns.

        Raises:
            ConnectionFailed: The file cannot be used just now.
            ConnectionClosed: The writer is closed.
            RuntimeError: This process was forked from one that uses the file.
        """
        operation = _Operation(work, durable)
        if self._operations.empty() and self._turn.acquire(blocking=False):
            try:
                self._check_usable()
                self._commit([operation])
            except BaseException:  # the caller's thread was told to stop
                self._roll_back(self._connection)
                raise
            finally:
                self._turn.release()
        else:
            with self._lock:
                self._start_once()
                self._operations.put(operation)
        return operation.result()

    def close(self) -> None:
        """Finish what has come, and close the file."""
        with self._lock:
            self._closed = True
            if self._pid != os.getpid():
                return
            self._operations.put(None)
        if self._thread:
            self._thread.join()
        with self._turn:
            self._disconnect()

    def _check_usable(self) -> None:
        if self._closed:
            raise ConnectionClosed(f"The broker on {self._path} is closed.")
        if not self._pid:
            self._pid = os.getpid()
        elif self._pid != os.getpid():
            raise RuntimeError(
                f"This process was forked from one that uses {self._path}, which SQLite does not "
                "allow. Make the broker after the fork, or fork before its first use."
            )

    def _start_once(self) -> None:
        self._check_usable()
        if not self._thread:
            self._thread = threading.Thread(target=self._work, name="servey-jobs", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while operation := self._operations.get():
            with self._turn:
                self._commit([operation, *self._gathered()])

    def _gathered(self) -> "list[_Operation[Any]]":
        """What has come meanwhile, which shares the commit."""
        group: list[_Operation[Any]] = []
        with suppress(Empty):
            while len(group) < _GROUP - 1:
                operation = self._operations.get_nowait()
                if operation is None:
                    self._operations.put(None)  # nothing comes after it
                    break
                group.append(operation)
        return group

    def _commit(self, group: "list[_Operation[Any]]") -> None:
        try:
            connection = self._begun(durable=any(operation.durable for operation in group))
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            self._fail(group, error)
            return
        try:
            results = [operation.work(connection) for operation in group]
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            self._roll_back(connection)
            if len(group) == 1:
                self._fail(group, error)
                return
            for operation in group:
                self._commit([operation])
            return
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back(connection)
            self._fail(group, error)
            return
        for operation, result in zip(group, results, strict=True):
            operation.succeed(result)
        self._on_commit()

    def _begun(self, *, durable: bool) -> sqlite3.Connection:
        if not self._connection:
            self._connection = opened(self._path, self._patience)
            self._durable = True
        connection = self._connection
        if durable != self._durable:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._durable = durable
        patiently(lambda: connection.execute("BEGIN IMMEDIATE"), self._patience)
        return connection

    @staticmethod
    def _roll_back(connection: sqlite3.Connection | None) -> None:
        with suppress(sqlite3.Error):
            if connection and connection.in_transaction:
                connection.execute("ROLLBACK")

    def _fail(self, group: "list[_Operation[Any]]", error: Exception) -> None:
        if not isinstance(error, sqlite3.Error | OSError):
            for operation in group:
                operation.fail(error)
            return
        text = f"The jobs in {self._path} cannot be used just now: {error}."
        if is_busy(error):
            text += (
                f" Another process has kept others from writing for {self._patience:g} s; if it is"
                " stopped, let it go on, or end it."
            )
        else:
            self._disconnect()
        _log.error(text)
        for operation in group:
            failure = ConnectionFailed(text)
            failure.__cause__ = error
            operation.fail(failure)

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


class _Operation(Generic[T]):
    """An operation, and the wait for its result."""

    __slots__ = ("_done", "_error", "_result", "durable", "work")

    def __init__(self, work: Callable[[sqlite3.Connection], T], durable: bool) -> None:  # noqa: FBT001
        self.work = work
        self.durable = durable
        self._result: T
        self._error: Exception | None = None
        self._done = threading.Lock()  # held until it is: the cheapest thing to wait for
        self._done.acquire()

    def succeed(self, result: T) -> None:
        self._result = result
        self._done.release()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._done.release()

    def result(self) -> T:
        self._done.acquire()
        if self._error:
            raise self._error
        return self._result
