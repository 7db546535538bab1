"""Enqueueing when the transaction is over, so that nobody can be told by an exception."""

import asyncio
import logging
from collections.abc import Sequence
from itertools import groupby

from sqlalchemy.ext.asyncio import async_session
from sqlalchemy.orm import Session

from servey_core import JobOrder, Runtime

try:
    from sqlalchemy.util import await_
except ImportError:  # its name before 2.1
    from sqlalchemy.util import await_only as await_

_log = logging.getLogger("servey.jobs")

Orders = Sequence[tuple[Runtime, JobOrder]]


def send(session: Session, orders: Orders) -> None:
    """Enqueue what a committed transaction leaves, and say loudly what could not be.

    Args:
        session: The session that has committed. Under an `AsyncSession` the event loop goes on
            meanwhile, and cancelling whoever waits for the commit does not stop it.
        orders: The orders, each with its application.
    """
    if async_session(session) is None:
        for runtime, several in _by_runtime(orders):
            try:
                runtime.task_queue.put(several)
            except Exception as error:  # noqa: BLE001 - the commit has succeeded
                _tell_of_lost(several, error)
    else:
        await_(asyncio.shield(asyncio.create_task(_asend(orders))))


async def _asend(orders: Orders) -> None:
    for runtime, several in _by_runtime(orders):
        try:
            await runtime.task_queue.aput(several)
        except Exception as error:  # noqa: BLE001 - the commit has succeeded
            _tell_of_lost(several, error)


def _by_runtime(orders: Orders) -> list[tuple[Runtime, list[JobOrder]]]:
    return [
        (several[0][0], [order for _, order in several])
        for several in (list(group) for _, group in groupby(orders, lambda one: id(one[0])))
    ]


def _tell_of_lost(orders: Sequence[JobOrder], error: Exception) -> None:
    _log.error(
        "A transaction has committed, but its jobs could not be enqueued, and are lost: %s",
        ", ".join(f"{order.action.name} ({order.id})" for order in orders),
        exc_info=error,
        extra={"jobs": [order.id for order in orders]},
    )
