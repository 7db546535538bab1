"""Jobs that are written down in the transaction of the work, and moved to the queue later."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, and_, delete, func, inspect, not_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from servey_core import JobOrder, Runtime
from servey_sched.jobs.messages import VERSION
from servey_sched.sqlalchemy.rows import OutboxRow
from servey_sched.sqlalchemy.sessions import SessionOrdering

BATCH = 500
"""How many jobs are moved in one transaction."""

_log = logging.getLogger("servey.jobs")


class Outbox(SessionOrdering):
    """Enqueues a job by a row of a table: `outbox(session, action, ...)`.

    The row commits or rolls back with all else that its transaction wrote. An action with a
    schedule calls `relay`, which moves what has committed to the task queue. A crash between may
    move a row again, under the same id and idempotency key, so that its job runs once. A job
    that nobody gave a key has its id for one.

    Args:
        row: The class of the table: a subclass of `OutboxRow` and of the declarative base.

    Raises:
        InvalidInput: When called: the arguments are not what the action takes.
        Unauthorized: The action wants to know its caller, and nobody was named.
        PermissionDenied: Its caller may not run it.
        ConfigurationError: The function is not an action of the application.
    """

    __slots__ = ("_row", "_strangers")

    def __init__(self, row: type[OutboxRow]) -> None:
        super().__init__()
        self._row = row
        self._strangers: set[tuple[str, int]] = set()

    def relay(self, session: Session) -> int:
        """Move all jobs that have committed to the task queue.

        Any number of nodes may do so at once: where the database locks rows, as PostgreSQL does,
        each takes rows of its own; elsewhere a row may be moved twice, and its job runs once.
        Rows of actions that this application does not have are left for one that does.

        Args:
            session: One that is in no transaction. Each batch is a transaction.

        Returns:
            How many were moved.

        Raises:
            QueueFull: There is no room. What was not moved stays.
            Unavailable: The queue cannot be used just now.
        """
        runtime, moved = self._runtime(), 0
        while rows := self._next(session, runtime):
            runtime.task_queue.put([row.order(runtime.actions) for row in rows])
            self._delete(session, rows)
            session.commit()
            moved += len(rows)
        session.commit()
        return moved

    async def arelay(self, session: AsyncSession) -> int:
        """The same without blocking the event loop."""
        runtime, moved = self._runtime(), 0
        while rows := await session.run_sync(self._next, runtime):
            await runtime.task_queue.aput([row.order(runtime.actions) for row in rows])
            await session.run_sync(self._delete, rows)
            await session.commit()
            moved += len(rows)
        await session.commit()
        return moved

    def _take(self, session: Session, runtime: Runtime, order: JobOrder) -> None:  # noqa: ARG002
        row = self._row()
        row.hold(replace(order, idempotency_key=order.idempotency_key or order.id))
        session.add(row)

    def _next(self, session: Session, runtime: Runtime) -> Sequence[OutboxRow]:
        """The next rows, which are ours until the transaction ends."""
        row, ours = self._row, self._ours(runtime)
        query = select(row).where(ours).order_by(row.number).limit(BATCH)
        rows = session.scalars(query.with_for_update(skip_locked=True)).all()
        if not rows:
            self._tell_of_strangers(session, ours)
        return rows

    def _delete(self, session: Session, rows: Sequence[OutboxRow]) -> None:
        # By number, not as objects: another node may have deleted some where none are locked.
        statement = delete(self._row).where(self._row.number.in_([row.number for row in rows]))
        session.execute(statement, execution_options={"synchronize_session": False})

    def _ours(self, runtime: Runtime) -> ColumnElement[bool]:
        return and_(self._row.action.in_(runtime.actions), self._row.form == VERSION)

    def _tell_of_strangers(self, session: Session, ours: ColumnElement[bool]) -> None:
        """Say once of each action whose jobs stay where they are."""
        row = self._row
        stay = select(row.action, row.form, func.count()).where(not_(ours))
        for action, form, count in session.execute(stay.group_by(row.action, row.form)):
            if (action, form) not in self._strangers:
                self._strangers.add((action, form))
                _log.warning(
                    "%d jobs stay in the table %s: this application has no action %r, or reads no "
                    "messages of form %d.",
                    *(count, inspect(row).local_table, action, form),
                )
