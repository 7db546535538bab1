"""What can be done with the jobs in the file: functions of an open transaction."""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from dramatiq.errors import DecodeError

from servey_sched.brokers.base import DeadJob, QueueSizes
from servey_sched.brokers.messages import decode, renewed

_HELD = "WHERE seq = ? AND starts = ? AND holder = ?"
"""A job that nobody else has taken since a delivery; a `Lease` has the parameters."""

_INSERT = (
    "INSERT OR REPLACE INTO servey_jobs (id, queue, priority, state, until, starts, holder, body)"
    " VALUES (?, ?, ?, ?, ?, 0, '', ?)"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A job that is to be enqueued.

    Attributes:
        id: Its id; a job with the same id gives way to it.
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
        again: Whether it was delivered before, to a consumer that did not finish with it.
    """

    lease: Lease
    body: bytes
    again: bool


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


def claim(
    connection: sqlite3.Connection, schedule: str, tick: str, expires_at: int, entry: Entry
) -> bool:
    """Enqueue a job where nobody has claimed the tick; whether it was."""
    connection.execute("DELETE FROM servey_ticks WHERE expires_at <= ?", (now(),))
    statement = "INSERT INTO servey_ticks VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
    if connection.execute(statement, (schedule, tick, expires_at)).rowcount == 0:
        return False
    put(connection, [entry])
    return True


def take(  # noqa: PLR0913 - all of them differ from call to call
    connection: sqlite3.Connection, queue: str, holder: str, limit: int, lease: int, *, again: bool
) -> list[Taken]:
    """Take jobs for delivery, in their order.

    A job that was delivered before may be what killed its consumer. Such jobs are taken one at a
    time, so that those which were delivered along with it do not count its kills as their own.

    Args:
        connection: The transaction.
        queue: Of which queue.
        holder: Who takes them.
        limit: How many at most.
        lease: For how many milliseconds.
        again: Whether one that was delivered before may be among them.
    """
    present = now()
    connection.execute(
        "UPDATE servey_jobs SET state = 'ready' WHERE state != 'ready' AND until <= ?", (present,)
    )
    query = "SELECT seq, starts + 1, body FROM servey_jobs WHERE queue = ? AND state = 'ready' "
    rows = []
    if again:
        order = "AND starts > 0 ORDER BY starts, priority, seq LIMIT 1"
        rows += connection.execute(query + order, (queue,)).fetchall()
    order = "AND starts = 0 ORDER BY priority, seq LIMIT ?"
    rows += connection.execute(query + order, (queue, limit - len(rows))).fetchall()
    connection.executemany(
        "UPDATE servey_jobs SET state = 'running', until = ?, starts = ?, holder = ? WHERE seq = ?",
        [(present + lease, starts, holder, seq) for seq, starts, _ in rows],
    )
    return [Taken((seq, starts, holder), body, starts > 1) for seq, starts, body in rows]


def extend(connection: sqlite3.Connection, leases: Iterable[Lease], lease: int) -> None:
    """Let leases end `lease` milliseconds from now, also ended ones that nobody else has taken."""
    until = now() + lease
    statement = f"UPDATE servey_jobs SET state = 'running', until = ? {_HELD}"  # noqa: S608 - a constant
    connection.executemany(statement, [(until, *one) for one in leases])


def remove(connection: sqlite3.Connection, lease: Lease) -> bool:
    """Forget a job that is done; False where somebody else has it."""
    return connection.execute(f"DELETE FROM servey_jobs {_HELD}", lease).rowcount == 1  # noqa: S608


def bury(connection: sqlite3.Connection, lease: Lease, error: str) -> bool:
    """Make a dead letter of a job, and say why; False where somebody else has it."""
    statement = (
        "INSERT OR REPLACE INTO servey_dead_jobs"  # noqa: S608 - a constant
        " (id, queue, priority, starts, body, error, died_at)"
        " SELECT id, queue, priority, starts, body, ?, ?"
        f" FROM servey_jobs {_HELD}"
    )
    connection.execute(statement, (error, now(), *lease))
    return remove(connection, lease)


def give_back(connection: sqlite3.Connection, leases: Iterable[Lease]) -> None:
    """Make jobs ready that were not started, as if they had not been delivered."""
    statement = f"UPDATE servey_jobs SET state = 'ready', starts = starts - 1 {_HELD}"  # noqa: S608
    connection.executemany(statement, list(leases))


def dead(connection: sqlite3.Connection, queue: str | None, limit: int) -> list[DeadJob]:
    """The dead letters, the last one first."""
    rows = connection.execute(
        "SELECT id, queue, body, error, starts, died_at FROM servey_dead_jobs"
        " WHERE ?1 IS NULL OR queue = ?1 ORDER BY seq DESC LIMIT ?2",
        (queue, limit),
    )
    return [_dead_job(*row) for row in rows]


def retry_dead(connection: sqlite3.Connection, job_id: str) -> bool:
    """Enqueue a dead letter anew; False where there is none."""
    query = "SELECT queue, priority, body FROM servey_dead_jobs WHERE id = ?"
    row = connection.execute(query, (job_id,)).fetchone()
    if not row:
        return False
    queue, priority, body = row
    with suppress(DecodeError):  # else whoever takes it will see
        body = renewed(decode(queue, body)).encode()
    put(connection, [Entry(job_id, queue, priority, 0, body)])
    return purge_dead(connection, job_id) == 1


def purge_dead(connection: sqlite3.Connection, job_id: str | None) -> int:
    """Forget a dead letter, or all; how many."""
    if job_id is None:
        return connection.execute("DELETE FROM servey_dead_jobs").rowcount
    return connection.execute("DELETE FROM servey_dead_jobs WHERE id = ?", (job_id,)).rowcount


def cancel(connection: sqlite3.Connection, job_id: str) -> bool:
    """Forget a job that nobody holds; whether there was one."""
    statement = "DELETE FROM servey_jobs WHERE id = ? AND state != 'running'"
    return connection.execute(statement, (job_id,)).rowcount == 1


def flush(connection: sqlite3.Connection, queue: str) -> None:
    """Forget what nobody holds of a queue."""
    connection.execute("DELETE FROM servey_jobs WHERE queue = ? AND state != 'running'", (queue,))


def sizes(connection: sqlite3.Connection) -> dict[str, QueueSizes]:
    """How many jobs each queue has that has any."""
    counts: dict[str, dict[str, int]] = {}
    for queue, state, count in connection.execute(
        "SELECT queue, 'ready', count(*) FROM servey_jobs WHERE state = 'ready' GROUP BY queue"
        " UNION ALL SELECT queue, state, count(*) FROM servey_jobs WHERE state != 'ready'"
        " GROUP BY queue, state"
        " UNION ALL SELECT queue, 'dead', count(*) FROM servey_dead_jobs GROUP BY queue"
    ):
        counts.setdefault(queue, {})[state] = count
    return {queue: QueueSizes(**states) for queue, states in counts.items()}


def is_empty(connection: sqlite3.Connection, queue: str) -> bool:
    """Whether a queue has no job, dead letters aside."""
    for which in ("state = 'ready'", "state != 'ready'"):
        query = f"SELECT 1 FROM servey_jobs WHERE queue = ? AND {which} LIMIT 1"  # noqa: S608
        if connection.execute(query, (queue,)).fetchone():
            return False
    return True


def _dead_job(  # noqa: PLR0913, PLR0917 - a row
    job_id: str, queue: str, body: bytes, error: str, starts: int, died_at: int
) -> DeadJob:
    try:
        message = decode(queue, body)
    except DecodeError:
        message = None
    return DeadJob(
        id=job_id,
        queue=queue,
        actor=message.actor_name if message else "",
        message=message,
        error=error,
        starts=starts,
        died_at=datetime.fromtimestamp(died_at / 1000, UTC),
    )
