"""Jobs that are enqueued once the transaction has committed that they belong to."""

from sqlalchemy.orm import Session

from servey_core import JobOrder, Runtime
from servey_sched.sqlalchemy.sessions import SessionOrdering
from servey_sched.sqlalchemy.waiting import WaitingOrders


class AfterCommit(SessionOrdering):
    """Enqueues a job after a commit: `after_commit(session, action, ...)`.

    It happens when the session's outermost transaction commits, in the order of the calls and, if
    they agree on when they start, all in one step. A rollback forgets the jobs that were asked for
    since the transaction or the savepoint began which is rolled back. A delay counts from the
    commit, which returns when the queue has the jobs.

    Between the commit and the queue, a job is enqueued at most once: if the process dies there, or
    the queue cannot be used, it is lost. The commit does not raise then, for it has happened; an
    error in the log names the jobs. Where that is not enough, take an `Outbox`.

    Raises:
        InvalidInput: The arguments are not what the action takes.
        Unauthorized: The action wants to know its caller, and nobody was named.
        PermissionDenied: Its caller may not run it.
        ConfigurationError: The function is not an action of the application.
    """

    __slots__ = ()

    def _take(self, session: Session, runtime: Runtime, order: JobOrder) -> None:
        WaitingOrders.of(session).add(session, runtime, order, at=self._options.at)


after_commit = AfterCommit()
