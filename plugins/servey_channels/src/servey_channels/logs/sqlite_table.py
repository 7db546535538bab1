"""The tables that hold events; every method blocks."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servey_channels.logs.base import Entry, Replay, may_replay, replay_of
from servey_channels.logs.outages import Outages
from servey_channels.logs.sqlite_file import File, opened
from servey_core import History, Position

LEAST_SECONDS = 10.0
"""For how long an event is kept at least, so that all processes hear of it."""

_INSERT = "INSERT INTO servey_events (channel, number, event, target, at) VALUES (?, ?, ?, ?, ?)"

_NEXT = (
    "INSERT INTO servey_event_streams VALUES (?, 1)"
    " ON CONFLICT DO UPDATE SET last = last + 1 RETURNING last"
)

_FORGET = (
    "DELETE FROM servey_events WHERE channel = ?1 AND number < coalesce("
    "(SELECT number FROM servey_events WHERE channel = ?1"
    " AND NOT (at < ?2 AND (number <= ?3 OR at < ?4)) ORDER BY number LIMIT 1), 0)"
)
"""The subquery goes through what is to be forgotten, and the oldest event that is not."""


class EventTable:
    """A connection to the file, opened when it is needed, and anew where the file is another.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._outages = Outages("sqlite", path, sqlite3.Error, OSError)
        self._file: File | None = None

    def append(self, channel: str, event: bytes, target: str, history: History) -> Position:
        """Add an event, and forget what is too old."""
        with self._using() as file, file.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            now = time.time()
            (number,) = connection.execute(_NEXT, (channel,)).fetchone()
            connection.execute(_INSERT, (channel, number, event, target, now))
            oldest, age = now - LEAST_SECONDS, now - history.age
            connection.execute(_FORGET, (channel, oldest, number - history.size, age))
        return Position(file.epoch, number)

    def position(self, channel: str) -> Position:
        """Where a channel is now."""
        with self._using() as file:
            return _position(file, channel)

    def since(self, channel: str, position: Position, history: History) -> Replay:
        """The events after a position."""
        found: list[Entry] = []
        with self._using() as file, file.connection as connection:
            connection.execute("BEGIN")
            here = _position(file, channel)
            if may_replay(position, here, history):
                rows = connection.execute(
                    "SELECT channel, number, event, target FROM servey_events"
                    " WHERE channel = ? AND number > ? AND at >= ? ORDER BY number",
                    (channel, position.offset, time.time() - history.age),
                )
                found = [Entry(*row) for row in rows]
        return replay_of(position, here, history, found)

    def last_seq(self) -> int:
        """The number of the last event of all."""
        with self._using() as file:
            query = "SELECT coalesce(max(seq), 0) FROM servey_events"
            return int(file.connection.execute(query).fetchone()[0])

    def after(self, seq: int, limit: int) -> tuple[str, int, list[Entry]]:
        """The epoch, the number of the last event of those after one, and they, of all channels."""
        with self._using() as file:
            rows = file.connection.execute(
                "SELECT seq, channel, number, event, target FROM servey_events"
                " WHERE seq > ? ORDER BY seq LIMIT ?",
                (seq, limit),
            ).fetchall()
            return file.epoch, rows[-1][0] if rows else seq, [Entry(*row[1:]) for row in rows]

    def version(self) -> tuple[str, int]:
        """The epoch, and something that changes when another connection has written."""
        with self._using() as file:
            found = file.connection.execute("PRAGMA data_version").fetchone()
            return file.epoch, int(found[0])

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.connection.close()
            self._file = None

    @contextmanager
    def _using(self) -> Iterator[File]:
        """The file; that of another name or of another epoch would be heard by nobody."""
        with self._outages.reporting():
            if self._file is not None and not self._file.is_at(self._path):
                self.close()
            if self._file is None:
                self._file = opened(self._path)
            yield self._file


def _position(file: File, channel: str) -> Position:
    query = "SELECT last FROM servey_event_streams WHERE channel = ?"
    row = file.connection.execute(query, (channel,)).fetchone()
    return Position(file.epoch, row[0] if row else 0)
