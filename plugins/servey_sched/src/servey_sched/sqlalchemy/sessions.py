"""Enqueueing with a session, of any kind that SQLAlchemy has."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, ParamSpec, TypeVar, overload

from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session
from sqlalchemy.orm import Session, scoped_session

from servey_core import Job, JobOrder, Runtime
from servey_core.enqueueing import Ordering
from servey_core.job_handles import job_of
from servey_sched.brokers.base import milliseconds_of
from servey_sched.jobs.messages import content_of, message_of
from servey_sched.queue import milliseconds

P = ParamSpec("P")
T = TypeVar("T")

AnySession = Session | AsyncSession | scoped_session[Any] | async_scoped_session[Any]


class SessionOrdering(ABC, Ordering):
    """What the ways to enqueue with a session have in common: how they are called."""

    __slots__ = ()

    @overload
    def __call__(
        self,
        session: AnySession,
        action: Callable[P, AsyncIterator[Any]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job[Any]: ...
    @overload
    def __call__(
        self,
        session: AnySession,
        action: Callable[P, Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Job[T]: ...
    @overload
    def __call__(
        self, session: AnySession, action: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Job[T]: ...
    def __call__(
        self, session: AnySession, action: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Job[Any]:
        """Enqueue a job if the session's transaction commits.

        What is wrong with it is raised now, and leaves the transaction as it is. The job that is
        returned has its id already, which the same transaction may write down.

        Raises:
            ValueError: No queue can hold the job back for so long, or order it so.
        """
        runtime, order = self.order(action, args, kwargs)
        content_of(message_of(order))  # what no queue takes would be lost then, or hold up others
        milliseconds_of(milliseconds(order.delay))
        self._take(_plain(session), runtime, order)
        return job_of(order, runtime, sent=False)

    @abstractmethod
    def _take(self, session: Session, runtime: Runtime, order: JobOrder) -> None:
        """Take an order, for the transaction that the session is in."""


def _plain(session: AnySession) -> Session:
    """The session that does the work."""
    if isinstance(session, scoped_session | async_scoped_session):
        return _plain(session())
    return session.sync_session if isinstance(session, AsyncSession) else session
