"""Servey's jobs, of the application in `servey_app`, on its own brokers."""

from collections.abc import Iterable, Sequence

import actions

from peers.jobs.rabbitmq import forget
from peers.jobs.work import BROKER_URL, QUEUE
from servey_core import enqueue, enqueue_many


def _places() -> list[str]:
    from servey_sched.brokers.rabbitmq import PREFIX
    from servey_sched.brokers.rabbitmq_layout import Layout

    layout = Layout(PREFIX)
    kinds = (layout.ready, layout.again, layout.alone, layout.due, layout.dead, layout.lock)
    return [place.name for place in (*(one(QUEUE) for one in kinds), *layout.waits(QUEUE))]


class Servey:
    """Enqueues a function that does not block, which runs where it is taken."""

    _action = staticmethod(actions.job)

    def enqueue(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""
        for number in numbers:
            enqueue(self._action, number=number)

    def enqueue_many(self, numbers: Sequence[int]) -> None:
        """Enqueue jobs in one step."""
        enqueue_many(self._action, [{"number": number} for number in numbers])

    def close(self) -> None:
        """Delete the queues, where they stay."""
        if BROKER_URL.startswith("amqp"):
            forget(_places())


class Threaded(Servey):
    """Enqueues a function that may block, which runs in a thread."""

    _action = staticmethod(actions.job_threaded)


class Async(Servey):
    """Enqueues a coroutine function."""

    _action = staticmethod(actions.job_async)
