"""Background jobs and database transactions, for the sessions of SQLAlchemy."""

try:
    from servey_sched.sqlalchemy.committing import AfterCommit, after_commit
    from servey_sched.sqlalchemy.outbox import Outbox
    from servey_sched.sqlalchemy.rows import OutboxRow
except ImportError as error:
    # Without greenlet, SQLAlchemy 2.1 raises an error that names no module.
    if (error.name or "sqlalchemy").partition(".")[0] != "sqlalchemy":
        raise
    raise ImportError(
        "servey_sched.sqlalchemy needs SQLAlchemy and greenlet: "
        "pip install 'servey-sched[sqlalchemy]'"
    ) from error

__all__ = ["AfterCommit", "Outbox", "OutboxRow", "after_commit"]
