"""The table of schedules in the file: functions of an open transaction."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from servey_sched.brokers.base import JobState
from servey_sched.brokers.claiming import Tick, decide
from servey_sched.brokers.sqlite_jobs import Entry, put, wake
from servey_sched.brokers.ticks import Claim, Claimed, KnownSchedule
from servey_sched.schedules.ticks import tick_name

_COLUMNS = "last, fired, missed, dropped, open, seen"
_AT_ONCE = 500
"""How many ids a query asks for: SQLite has a limit."""


def touch(connection: sqlite3.Connection, name: str, moment: str) -> KnownSchedule | None:
    """Remember when a schedule was seen; None where it is new, of which nothing is remembered."""
    connection.execute("UPDATE servey_schedules SET seen = ? WHERE name = ?", (moment, name))
    return _schedule(connection, name)


def add(connection: sqlite3.Connection, name: str, moment: str) -> KnownSchedule:
    """Remember a schedule, which counts from a moment on where it is new."""
    known = touch(connection, name, moment)
    if not known:
        _keep(connection, name, known := _known(moment, 0, 0, 0, "[]", moment))
    return known


def schedules(connection: sqlite3.Connection) -> dict[str, KnownSchedule]:
    """Every schedule, by its name."""
    query = f"SELECT name, {_COLUMNS} FROM servey_schedules ORDER BY name"  # noqa: S608 - a constant
    return {name: _known(*row) for name, *row in connection.execute(query)}


def forget(connection: sqlite3.Connection, name: str) -> bool:
    """Forget a schedule; whether there was one."""
    statement = "DELETE FROM servey_schedules WHERE name = ?"
    return connection.execute(statement, (name,)).rowcount == 1


def claim(connection: sqlite3.Connection, tick: Tick, entry: Entry) -> Claim:
    """Claim a tick, and enqueue its job where it has fired."""

    def states(ids: Sequence[str]) -> dict[str, JobState]:
        wake(connection)
        found: dict[str, JobState] = {}
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            query = f"SELECT id, state FROM servey_jobs WHERE id IN ({marks})"  # noqa: S608
            found.update(connection.execute(query, some))
        return found

    decision = decide(tick, _schedule(connection, tick.schedule), states)
    if decision.after:
        _keep(connection, tick.schedule, decision.after)
    for job in decision.forgotten:
        connection.execute("DELETE FROM servey_jobs WHERE id = ?", (job,))
    if decision.claim.outcome is Claimed.FIRED:
        put(connection, [entry])
    return decision.claim


def _schedule(connection: sqlite3.Connection, name: str) -> KnownSchedule | None:
    query = f"SELECT {_COLUMNS} FROM servey_schedules WHERE name = ?"  # noqa: S608 - a constant
    row = connection.execute(query, (name,)).fetchone()
    return _known(*row) if row else None


def _keep(connection: sqlite3.Connection, name: str, known: KnownSchedule) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO servey_schedules VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            name,
            tick_name(known.last),
            known.fired,
            known.missed,
            known.dropped,
            json.dumps(known.open),
            tick_name(known.seen) if known.seen else None,
        ),
    )


def _known(  # noqa: PLR0913, PLR0917 - a row
    last: str, fired: int, missed: int, dropped: int, jobs: str, seen: str | None
) -> KnownSchedule:
    return KnownSchedule(
        last=datetime.fromisoformat(last),
        fired=fired,
        missed=missed,
        dropped=dropped,
        open=tuple(json.loads(jobs)),
        seen=datetime.fromisoformat(seen) if seen else None,
    )
