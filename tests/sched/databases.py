"""What the tests of jobs and transactions share: databases, applications, and what was enqueued."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dramatiq
import postgres_servers
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from servey_core import Runtime, action_of, start
from servey_sched.sqlalchemy import OutboxRow

KINDS = ["sqlite", "postgresql"]


class Base(DeclarativeBase):
    pass


class Word(Base):
    __tablename__ = "words"

    text: Mapped[str] = mapped_column(primary_key=True)


class JobRow(OutboxRow, Base):
    __tablename__ = "jobs"


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Engine]:
    """A database with the tables, which is dropped in the end."""
    if kind == "sqlite":
        with _with_tables(f"sqlite:///{folder / 'words.db'}") as engine:
            yield engine
    else:
        with (
            postgres_servers.database() as url,
            _with_tables(postgres_servers.for_sqlalchemy(url)) as engine,
        ):
            yield engine


def empty(engine: Engine) -> None:
    """Empty the tables, for the next test."""
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(table.delete())


@contextmanager
def _with_tables(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    try:
        Base.metadata.create_all(engine)
        yield engine
    finally:
        engine.dispose()


def start_with(*functions: Any, **given: Any) -> Runtime:
    """Start up with functions and settings."""
    actions = [found for one in functions if (found := action_of(one)) is not None]
    return start(actions=actions, given={"broker_url": "memory:", "state": "memory:", **given})


def sent(runtime: Runtime) -> list[dramatiq.MessageProxy]:
    """Take all jobs that wait, in the order in which workers would be given them."""
    consumer = runtime.task_queue.broker.consume("default", prefetch=10_000, timeout=10)  # type: ignore[attr-defined]
    found = list(iter(lambda: next(consumer), None))
    for message in found:
        consumer.ack(message)
    consumer.close()
    return found


def words(messages: Iterable[dramatiq.MessageProxy]) -> list[str]:
    """The words that jobs are about."""
    return [message.kwargs["word"] for message in messages]
