"""What type checkers must see: jobs of transactions take the arguments of the action itself.

Nothing here is run: mypy and pyright read it, and compare.
"""

from collections.abc import AsyncIterator
from typing import Any, assert_type

from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
from sqlalchemy.orm import DeclarativeBase, Session, scoped_session

from servey_core import Job, action
from servey_sched.sqlalchemy import Outbox, OutboxRow, after_commit


class Base(DeclarativeBase):
    pass


class OutboxJob(OutboxRow, Base):
    __tablename__ = "outbox"


outbox = Outbox(OutboxJob)


@action
def count(word: str, times: int = 1) -> int:
    return len(word) * times


@action
async def later(word: str) -> bytes:
    return word.encode()


@action
async def lines(text: str) -> AsyncIterator[str]:
    yield text


def sessions(
    plain: Session,
    asynchronous: AsyncSession,
    scoped: scoped_session[Session],
    asynchronous_scoped: async_scoped_session[AsyncSession],
) -> None:
    assert_type(after_commit(plain, count, "a", times=2), Job[int])
    assert_type(after_commit(asynchronous, later, word="a"), Job[bytes])
    assert_type(after_commit(scoped, lines, "a"), Job[Any])
    assert_type(after_commit.using(delay=1)(asynchronous_scoped, count, "a"), Job[int])
    assert_type(outbox(plain, count, "a"), Job[int])
    assert_type(outbox.using(priority=1)(asynchronous, later, "a"), Job[bytes])
    assert_type(outbox.using(priority=1).relay(plain), int)


def mistakes(session: Session) -> None:
    after_commit(session, count, 1)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    after_commit(session, count)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    outbox(session, later, text="a")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
