"""The orders that wait for the end of a session's transactions."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple, Self

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from servey_core import JobOrder, Runtime
from servey_sched.sqlalchemy.sending import send

_INFO = "servey_sched.after_commit"
_COMMITTED, _ENDED = "after_commit", "after_transaction_end"


class _Waiting(NamedTuple):
    """An order that waits, and when its job may start where that is a moment."""

    runtime: Runtime
    order: JobOrder
    at: datetime | None

    def sent(self, now: datetime) -> JobOrder:
        """The order as it is sent now."""
        if self.at is None:
            return self.order
        return replace(self.order, delay=max(0.0, (self.at - now).total_seconds()))


class WaitingOrders:
    """The orders that wait in one session, by the transaction or savepoint that they belong to."""

    def __init__(self) -> None:
        self._waiting: dict[SessionTransaction, list[_Waiting]] = {}
        self._committed: set[SessionTransaction] = set()

    @classmethod
    def of(cls, session: Session) -> Self:
        """Those of a session, which tells of its commits from now on."""
        found = session.info.get(_INFO)
        # `info` may have been copied from another session, which tells of its own commits.
        if not isinstance(found, cls) or not event.contains(session, _COMMITTED, found.committed):
            found = session.info[_INFO] = cls()
            event.listen(session, _COMMITTED, found.committed)
            event.listen(session, _ENDED, found.ended)
        return found

    def add(
        self, session: Session, runtime: Runtime, order: JobOrder, *, at: datetime | None
    ) -> None:
        """Let an order wait for the transaction that the session is in, or begins with this.

        Args:
            session: The session.
            runtime: The application.
            order: The order; its delay counts from the commit.
            at: When its job may start, instead.
        """
        transaction = _innermost(session) or session.begin()
        self._waiting.setdefault(transaction, []).append(_Waiting(runtime, order, at))

    def committed(self, session: Session) -> None:
        """Know that the innermost transaction or savepoint has committed."""
        if (transaction := _innermost(session)) is not None:
            self._committed.add(transaction)

    def ended(self, session: Session, transaction: SessionTransaction) -> None:
        """Send what a transaction leaves, hand on what a savepoint does, forget the rest.

        It is called when the database connection has been given back, so a slow queue holds none.
        """
        orders, committed = self._waiting.pop(transaction, []), transaction in self._committed
        self._committed.discard(transaction)
        if not (orders and committed):
            return
        if (around := _around(transaction)) is None:
            now = datetime.now(UTC)
            send(session, [(one.runtime, one.sent(now)) for one in orders])
        else:
            self._waiting.setdefault(around, []).extend(orders)


def _innermost(session: Session) -> SessionTransaction | None:
    return session.get_nested_transaction() or session.get_transaction()


def _around(savepoint: SessionTransaction) -> SessionTransaction | None:
    """The transaction or savepoint that one is in; flushes have others of their own."""
    around = savepoint.parent
    while around is not None and not around.nested and around.parent is not None:
        around = around.parent
    return around
