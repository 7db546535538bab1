"""A Dramatiq broker on RabbitMQ: for any number of machines, as durable as its queues are."""

import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar

import dramatiq

from servey_sched.brokers import rabbitmq_sizes as measuring
from servey_sched.brokers.base import (
    DeadJob,
    JobBroker,
    JobState,
    KnownJob,
    QueueSizes,
    Unsupported,
    milliseconds_of,
    not_dead,
)
from servey_sched.brokers.messages import priority_of
from servey_sched.brokers.rabbitmq_batches import Outgoing
from servey_sched.brokers.rabbitmq_consumer import RabbitmqConsumer
from servey_sched.brokers.rabbitmq_dead import DeadLetters
from servey_sched.brokers.rabbitmq_layout import DUE, Letter, level_of
from servey_sched.brokers.rabbitmq_server import RabbitmqServer
from servey_sched.brokers.suspects import ALONE_FROM

T = TypeVar("T")

PREFIX = "servey."
"""What the names of the broker's queues begin with, among others in the same virtual host."""

LEASE = 15.0
"""After how long without a word from a worker RabbitMQ gives its jobs to others, in seconds."""

PATIENCE = 5.0
"""For how long a RabbitMQ that does not answer is waited for, in seconds."""

DEAD_A_SECOND = 1000
"""How many dead letters travel here in a second, at least."""


class RabbitmqBroker(JobBroker):
    """Keeps jobs in a RabbitMQ ≥ 3.10.

    What `enqueue` has accepted was confirmed by RabbitMQ, and survives its crash. Where it raises,
    a job may be there all the same, and some of those of `enqueue_many` too; to enqueue a message
    again makes a second job of it. Jobs are in classic queues, as those of a cluster that are
    copied to several nodes have no priorities in all versions. Of priorities, 15 steps are told
    apart: 0, and from 1, 2, 5, 10, 20, 50 and 100 on, on either side.

    A worker that dies is known by its connection: at once, where its machine lives on. What it
    held counts as started once more. A job runs for 30 minutes at
    most, as RabbitMQ would have it; versions from 3.11.15 to 4.2 are told otherwise by the
    consumer, an older one by its setting `consumer_timeout`.

    A delay goes by the clocks of the machines, and ends only while a consumer of the queue is
    there. AMQP does not show who has what: `find` and `jobs` are not supported, `cancel` cancels
    nothing, and what consumers of other processes hold is not in the sizes.

    Threads may share a broker; a forked child may enqueue with its parent's, but needs consumers
    of its own.

    Args:
        url: Where the RabbitMQ is: `amqp://`, `amqps://` for TLS.
        middleware: Dramatiq's middleware; None for Dramatiq's own choice.
        prefix: What the queues' names begin with.
        lease: After how long without a word others get a worker's jobs, in seconds; at least 3.
        patience: For how long a RabbitMQ that does not answer is waited for, in seconds.
        alone_from: How often a job has been started, at least, that starts alone; see `suspects`.

    Raises:
        SettingsError: The URL does not do.
    """

    finds = False

    def __init__(  # noqa: PLR0913 - all but the first have defaults
        self,
        url: str,
        *,
        middleware: list[dramatiq.Middleware] | None = None,
        prefix: str = PREFIX,
        lease: float = LEASE,
        patience: float = PATIENCE,
        alone_from: int = ALONE_FROM,
    ) -> None:
        super().__init__(middleware)
        heartbeat = max(1, int(lease / 3))  # RabbitMQ waits for two to three of them
        self._server = RabbitmqServer(url, prefix=prefix, heartbeat=heartbeat, patience=patience)
        self._alone_from = alone_from
        self._consumers: set[RabbitmqConsumer] = set()

    def declare_queue(self, queue_name: str) -> None:
        """Make a queue known to this process; again does nothing.

        Raises:
            ValueError: Its name is too long for RabbitMQ.
        """
        self._server.layout.ready(queue_name)
        super().declare_queue(queue_name)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> RabbitmqConsumer:
        """Take jobs of a queue.

        Args:
            queue_name: The queue.
            prefetch: How many jobs the consumer holds at most; beside them, half as many of those
                whose consumer died.
            timeout: How long it waits for a job before it gives None, in milliseconds.

        Raises:
            QueueNotFound: The queue is not declared.
        """
        self.require_queue(queue_name)
        consumer = RabbitmqConsumer(
            self._server,
            queue_name,
            prefetch=prefetch,
            timeout=timeout,
            alone_from=self._alone_from,
        )
        self._consumers.add(consumer)
        self._consumers.difference_update([one for one in self._consumers.copy() if one.closed])
        return consumer

    def enqueue_many(
        self, messages: Sequence[dramatiq.Message[Any]], *, delay: int | None = None
    ) -> None:
        """Enqueue messages, of which some may be there where it raises `BrokerConnectionError`.

        Args:
            messages: The messages.
            delay: For how many milliseconds they are held back.

        Raises:
            QueueNotFound: The queue of one is not declared.
            ValueError: The delay or a priority is not a number that can be one.
            TypeError: An argument of a message is not JSON.
            BrokerConnectionError: RabbitMQ has not confirmed all of them.
        """
        milliseconds_of(delay)
        for message in messages:
            self.emit_before("enqueue", message, delay)
        self._server.publish([self._outgoing(message, delay) for message in messages])
        for message in messages:
            self.emit_after("enqueue", message, delay)

    def find(self, job_id: str) -> NoReturn:
        """Not supported.

        Raises:
            Unsupported: Always.
        """
        raise _unsupported(f"look for the job {job_id}")

    def jobs(
        self, *, state: JobState, queue: str | None = None, limit: int = 100
    ) -> list[KnownJob]:
        """Not supported.

        Raises:
            ValueError: The state is `dead`.
            Unsupported: Else.
        """
        del queue, limit
        raise _unsupported(f"list the jobs that are {not_dead(state)}")

    def dead(self, *, queue: str | None = None, limit: int = 100) -> list[DeadJob]:
        """The dead letters that died last, the last one first.

        All dead letters of the queue travel here and stay there, some 10 000 a second; others that
        ask meanwhile wait.

        Args:
            queue: Of which queue; None for all that are declared.
            limit: How many at most.
        """

        def read(dead: DeadLetters, name: str) -> Awaitable[list[DeadJob]]:
            return dead.read(name, limit)

        names = list(self.queues) if queue is None else [queue]
        found = [job for name in names for job in self._ask_dead(name, read)]
        found.sort(key=lambda job: job.died_at)
        return found[::-1][:limit]

    def retry_dead(self, job_id: str) -> bool:
        """Put a dead letter back into its queue, as if it were enqueued for the first time."""
        return bool(self.retry_many_dead([job_id]))

    def retry_many_dead(self, job_ids: Iterable[str]) -> set[str]:
        """Put dead letters back into their queues, which are read once; the ids of those there."""
        wanted, retried = set(job_ids), set[str]()

        def retry(dead: DeadLetters, name: str) -> Awaitable[None]:
            return dead.retry(name, wanted - retried, retried.add)

        for name in list(self.queues):
            if wanted != retried:
                self._ask_dead(name, retry)
        return retried

    def purge_dead(self, job_id: str | None = None) -> int:
        """Forget a dead letter, or all of the declared queues; how many were forgotten."""
        return sum(
            self._ask_dead(name, lambda dead, queue: dead.purge(queue, job_id))
            for name in list(self.queues)
        )

    def cancel(self, job_id: str) -> bool:
        """Nothing is cancelled, as a job cannot be taken out of the middle of a queue: False."""
        del job_id
        return False

    def sizes(self) -> dict[str, QueueSizes]:
        """How many jobs each declared queue has; those with other processes are not counted."""
        return {name: self._size(name) for name in list(self.queues)}

    def flush(self, queue_name: str) -> None:
        """Drop what no consumer has yet from a queue; dead letters stay."""
        layout = self._server.layout
        self._server.ask(lambda parts: measuring.flush(queue_name, parts.publishing, layout))

    def is_idle(self, queue_name: str) -> bool:
        """Whether a queue has no jobs but dead ones, and those with other processes."""
        size = self._size(queue_name)
        return not (size.ready or size.delayed or size.running)

    def close(self) -> None:
        """Give back what consumers hold, and close the connections."""
        for consumer in self._consumers.copy():
            consumer.close()
        self._server.close()

    def _ask_dead(self, queue_name: str, ask: Callable[[DeadLetters, str], Awaitable[T]]) -> T:
        count = self._server.ask(lambda parts: parts.dead.count(queue_name))
        return self._server.ask(
            lambda parts: ask(parts.dead, queue_name), longer=count / DEAD_A_SECOND
        )

    def _size(self, queue_name: str) -> QueueSizes:
        layout = self._server.layout
        return self._server.ask(
            lambda parts: measuring.sizes_of(
                queue_name, parts.publishing, layout, parts.subscriptions
            )
        )

    def _outgoing(self, message: dramatiq.Message[Any], delay: int | None) -> Outgoing:
        """A message as it goes to RabbitMQ."""
        layout, queue = self._server.layout, message.queue_name
        self.require_queue(queue)
        body, level = message.encode(), level_of(priority_of(message, self))
        if not delay:
            return Outgoing(layout.ready(queue), Letter(body, level=level))
        due = math.ceil(time.time() * 1000) + delay
        return Outgoing(layout.delayed(queue, due), Letter(body, {DUE: due}, level))


def _unsupported(what: str) -> Unsupported:
    return Unsupported(
        f"RabbitMQ cannot {what}, as AMQP does not look into queues. `sizes()` counts jobs and "
        "`dead()` lists dead letters; brokers on SQLite and Redis can do all of it."
    )
