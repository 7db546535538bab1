"""What can be done with the jobs in the file: functions of an open transaction."""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from servey_sched.brokers.messages import first_try

_HELD = "WHERE seq = ? AND starts = ? AND holder = ?"
"""A job that nobody else has taken since a delivery; a `Lease` has the parameters."""

_INSERT = (
    "INSERT OR REPLACE INTO servey_jobs (id, queue, priority, state, until, starts, holder, body)"
    " VALUES (?, ?, ?, ?, ?, 0, '', ?)"
)
MOST_STARTS = 2**63 - 1
"""No job has been started more often."""

_BURIED_NO_MORE = "DELETE FROM servey_dead_jobs WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """A job that is to be enqueued.

    Attributes:
        id: Its id; a job or a dead letter with the same id gives way to it.
        queue: Its queue.
        priority: Smaller goes first.
        due: When it becomes ready, in milliseconds since the epoch; 0 for at once.
        body: The message's bytes.
    """

    id: str
    queue: str
    priority: int
    due: int
    body: bytes


Lease = tuple[int, int, str]
"""One delivery: the job's `seq` and `starts`, and who holds it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that has been taken for delivery.

    Attributes:
        lease: The delivery.
        body: The message's bytes, or whatever is in their place.
    """

    lease: Lease
    body: bytes

    @property
    def starts(self) -> int:
        """How often it has been delivered, this time included."""
        return self.lease[1]


def now() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def put(connection: sqlite3.Connection, entries: Sequence[Entry]) -> None:
    """Enqueue jobs."""
    rows = [
        (one.id, one.queue, one.priority, "delayed" if one.due else "ready", one.due, one.body)
        for one in entries
    ]
    connection.executemany(_INSERT, rows)
    connection.executemany(_BURIED_NO_MORE, [(one.id,) for one in entries])


def wake(connection: sqlite3.Connection) -> None:
    """Make ready what is due, and what belonged to somebody whose lease is over."""
    connection.execute(
        "UPDATE servey_jobs SET state = 'ready' WHERE state != 'ready' AND until <= ?", (now(),)
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many jobs a consumer wants, and which.

    Attributes:
        queue: Of which queue.
        limit: How many at most.
        again: How many of them may have been delivered before.
        alone: Whether one of them may be one that starts alone.
        alone_from: How often that has been delivered at least.
    """

    queue: str
    limit: int
    again: int
    alone: bool
    alone_from: int


def take(connection: sqlite3.Connection, wanted: Wanted, holder: str, lease: int) -> list[Taken]:
    """Take jobs for delivery: those that were delivered before first, each kind in its order.

    Args:
        connection: The transaction.
        wanted: Which.
        holder: Who takes them; never the same twice.
        lease: For how many milliseconds.
    """
    wake(connection)
    rows: list[tuple[int, int, bytes]] = []
    query = (
        "SELECT seq, starts + 1, body FROM servey_jobs WHERE queue = ? AND state = 'ready'"
        " AND starts BETWEEN ? AND ? ORDER BY starts, priority, seq LIMIT ?"
    )
    for least, most, limit in (
        (wanted.alone_from, MOST_STARTS, int(wanted.alone)),
        (1, wanted.alone_from - 1, wanted.again),
        (0, 0, wanted.limit),
    ):
        if limit and least <= most:
            parameters = (wanted.queue, least, most, min(limit, wanted.limit - len(rows)))
            rows += connection.execute(query, parameters).fetchall()
    connection.executemany(
        "UPDATE servey_jobs SET state = 'running', until = ?, starts = ?, holder = ? WHERE seq = ?",
        [(now() + lease, starts, holder, seq) for seq, starts, _ in rows],
    )
    return [Taken((seq, starts, holder), body) for seq, starts, body in rows]


def extend(connection: sqlite3.Connection, leases: Iterable[Lease], lease: int) -> None:
    """Let leases end `lease` milliseconds from now, also ended ones that nobody else has taken."""
    until = now() + lease
    statement = f"UPDATE servey_jobs SET state = 'running', until = ? {_HELD}"  # noqa: S608 - a constant
    connection.executemany(statement, [(until, *one) for one in leases])


def remove(connection: sqlite3.Connection, leases: Sequence[Lease]) -> int:
    """Forget jobs that are done; how many of them, as somebody else may have one."""
    return connection.executemany(f"DELETE FROM servey_jobs {_HELD}", leases).rowcount  # noqa: S608


def bury(connection: sqlite3.Connection, lease: Lease, error: str) -> bool:
    """Make a dead letter of a job, and say why; False where somebody else has it."""
    statement = (
        "INSERT OR REPLACE INTO servey_dead_jobs"  # noqa: S608 - a constant
        " (id, queue, priority, starts, body, error, died_at)"
        " SELECT id, queue, priority, starts, body, ?, ?"
        f" FROM servey_jobs {_HELD}"
    )
    connection.execute(statement, (error, now(), *lease))
    return remove(connection, [lease]) == 1


def give_back(connection: sqlite3.Connection, leases: Iterable[Lease]) -> None:
    """Make jobs ready that were not started, as if they had not been delivered."""
    statement = f"UPDATE servey_jobs SET state = 'ready', starts = starts - 1 {_HELD}"  # noqa: S608
    connection.executemany(statement, list(leases))


def retry_dead(connection: sqlite3.Connection, job_id: str) -> bool:
    """Enqueue a dead letter anew; False where there is none."""
    query = "SELECT queue, priority, body FROM servey_dead_jobs WHERE id = ?"
    row = connection.execute(query, (job_id,)).fetchone()
    if not row:
        return False
    queue, priority, body = row
    put(connection, [Entry(job_id, queue, priority, 0, first_try(queue, body))])
    return True


def purge_dead(connection: sqlite3.Connection, job_id: str | None) -> int:
    """Forget a dead letter, or all; how many."""
    if job_id is None:
        return connection.execute("DELETE FROM servey_dead_jobs").rowcount
    return connection.execute(_BURIED_NO_MORE, (job_id,)).rowcount


def cancel(connection: sqlite3.Connection, job_id: str) -> bool:
    """Forget a job that nobody holds; whether there was one."""
    wake(connection)
    statement = "DELETE FROM servey_jobs WHERE id = ? AND state != 'running'"
    return connection.execute(statement, (job_id,)).rowcount == 1


def flush(connection: sqlite3.Connection, queue: str) -> None:
    """Forget what nobody holds of a queue."""
    wake(connection)
    connection.execute("DELETE FROM servey_jobs WHERE queue = ? AND state != 'running'", (queue,))
