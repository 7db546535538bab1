"""What can be asked about the jobs in the file: functions of an open transaction."""

import sqlite3
from datetime import UTC, datetime

from servey_sched.brokers.base import DeadJob, JobState, KnownJob, QueueSizes
from servey_sched.brokers.messages import dead_job, known_job
from servey_sched.brokers.sqlite_jobs import wake

_COLUMNS = "SELECT id, queue, body, state, priority, starts, until FROM servey_jobs "
_IN_ORDER = {
    "ready": "starts > 0 DESC, starts, priority, seq",
    "delayed": "until, seq",
    "running": "seq",
}


def find(connection: sqlite3.Connection, job_id: str) -> KnownJob | None:
    """A job or a dead letter; None where there is neither."""
    wake(connection)
    row = connection.execute(_COLUMNS + "WHERE id = ?", (job_id,)).fetchone()
    if not row:
        query = "SELECT id, queue, body, 'dead', priority, starts, 0 FROM servey_dead_jobs "
        row = connection.execute(query + "WHERE id = ?", (job_id,)).fetchone()
    return _known(*row) if row else None


def jobs(
    connection: sqlite3.Connection, state: JobState, queue: str | None, limit: int
) -> list[KnownJob]:
    """Jobs in a state, in their order."""
    wake(connection)
    where = "WHERE state = ?1 AND (?2 IS NULL OR queue = ?2) "
    order = f"ORDER BY {_IN_ORDER[state]} LIMIT ?3"
    return [
        _known(*row) for row in connection.execute(_COLUMNS + where + order, (state, queue, limit))
    ]


def dead(connection: sqlite3.Connection, queue: str | None, limit: int) -> list[DeadJob]:
    """The dead letters, the last one first."""
    rows = connection.execute(
        "SELECT id, queue, body, error, starts, died_at FROM servey_dead_jobs"
        " WHERE ?1 IS NULL OR queue = ?1 ORDER BY seq DESC LIMIT ?2",
        (queue, limit),
    )
    return [
        dead_job(
            job_id, queue=queue, body=body, error=error, starts=starts, died_at=_moment(died_at)
        )
        for job_id, queue, body, error, starts, died_at in rows
    ]


def sizes(connection: sqlite3.Connection) -> dict[str, QueueSizes]:
    """How many jobs each queue has that has any."""
    wake(connection)
    counts: dict[str, dict[str, int]] = {}
    for queue, state, count in connection.execute(
        "SELECT queue, 'ready', count(*) FROM servey_jobs WHERE state = 'ready' GROUP BY queue"
        " UNION ALL SELECT queue, state, count(*) FROM servey_jobs WHERE state != 'ready'"
        " GROUP BY queue, state"
        " UNION ALL SELECT queue, 'dead', count(*) FROM servey_dead_jobs GROUP BY queue"
    ):
        counts.setdefault(queue, {})[state] = count
    return {queue: QueueSizes(**states) for queue, states in counts.items()}


def is_idle(connection: sqlite3.Connection, queue: str) -> bool:
    """Whether a queue has no job, dead letters aside."""
    for which in ("state = 'ready'", "state != 'ready'"):
        query = f"SELECT 1 FROM servey_jobs WHERE queue = ? AND {which} LIMIT 1"  # noqa: S608
        if connection.execute(query, (queue,)).fetchone():
            return False
    return True


def _known(  # noqa: PLR0913, PLR0917 - a row
    job_id: str,
    queue: str,
    body: bytes,
    state: JobState,
    priority: int,
    starts: int,
    until: int,
) -> KnownJob:
    return known_job(
        job_id,
        queue=queue,
        body=body,
        state=state,
        priority=priority,
        starts=starts,
        due=_moment(until) if state == "delayed" else None,
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
