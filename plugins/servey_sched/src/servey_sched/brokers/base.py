"""What every broker of Servey's promises, beyond what Dramatiq asks of one.

- A job is a Dramatiq message; its id is the message's. No queue of delayed messages is declared:
  a delayed job stays in the broker until it is due.
- When `enqueue`, `enqueue_many` or `claim` returns, the jobs are as durable as the broker is.
- A job is delivered at least once. One whose consumer dies, or is stopped for long, is delivered
  anew after a lease; what the first consumer says of it then changes nothing.
- A delivered message has the option `starts`: how often the job has been delivered since it was
  enqueued, this time included. What is given back unstarted does not count.
- `nack` makes a dead letter, with the traceback in the message's option `traceback` where a
  middleware put one there. So do bytes that no message can be made of; no consumer stops at them.
- Messages are Dramatiq's JSON.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import dramatiq
from dramatiq.errors import QueueNotFound


@dataclass(frozen=True, slots=True)
class DeadJob:
    """A job that is not tried any more.

    Attributes:
        id: The message's id.
        queue: The queue that it was in.
        actor: The actor's name; empty where there is no message.
        message: The message; None where its bytes cannot be decoded.
        error: Why it died: a traceback, or another text; may be empty.
        starts: How often it has been delivered.
        died_at: When it died, in UTC.
    """

    id: str
    queue: str
    actor: str
    message: dramatiq.Message[Any] | None
    error: str
    starts: int
    died_at: datetime


@dataclass(frozen=True, slots=True)
class QueueSizes:
    """How many jobs a queue has.

    Attributes:
        ready: Wait for a consumer.
        delayed: Wait for their time.
        running: Are with a consumer, started or about to be.
        dead: Are dead letters.
    """

    ready: int = 0
    delayed: int = 0
    running: int = 0
    dead: int = 0


class JobBroker(dramatiq.Broker, ABC):
    """A Dramatiq broker that Servey's jobs and schedules can use.

    Any method that needs the broker raises `dramatiq.errors.BrokerConnectionError` when it cannot
    be used just now, within seconds; whether the operation happened is not known then.
    """

    def __init__(self, middleware: list[dramatiq.Middleware] | None = None) -> None:
        super().__init__(middleware)
        self.queues: dict[str, None] = {}

    def declare_queue(self, queue_name: str) -> None:
        """Make a queue known to this process; again does nothing."""
        if queue_name in self.queues:
            return
        self.emit_before("declare_queue", queue_name)
        self.queues[queue_name] = None
        self.emit_after("declare_queue", queue_name)

    def enqueue(
        self, message: dramatiq.Message[Any], *, delay: int | None = None
    ) -> dramatiq.Message[Any]:
        """Enqueue a message.

        Args:
            message: The message. Its option `priority`, else its actor's, decides whether it goes
                before others of its queue: a smaller number does.
            delay: For how many milliseconds it is held back.

        Returns:
            The message.

        Raises:
            QueueNotFound: Its queue is not declared.
            ValueError: The delay or the priority is not a number that can be one.
            TypeError: An argument of the message is not JSON.
        """
        self.enqueue_many([message], delay=delay)
        return message

    @abstractmethod
    def enqueue_many(
        self, messages: Sequence[dramatiq.Message[Any]], *, delay: int | None = None
    ) -> None:
        """Enqueue all of some messages or, where it raises, none, in one durable step.

        Args:
            messages: The messages.
            delay: For how many milliseconds they are held back.

        Raises:
            QueueNotFound: The queue of one is not declared.
            ValueError: The delay or a priority is not a number that can be one.
            TypeError: An argument of a message is not JSON.
        """

    @abstractmethod
    def claim(
        self, schedule: str, tick: str, message: dramatiq.Message[Any], *, keep_seconds: int
    ) -> bool:
        """Claim a tick of a schedule and enqueue its message, both in one atomic step, or neither.

        Args:
            schedule: The schedule's name.
            tick: Which of its ticks; any text that the nodes agree on, such as an RFC 3339 instant.
            message: What is enqueued where the claim succeeds.
            keep_seconds: For how long the claim is remembered.

        Returns:
            Whether this call claimed it: False where it is claimed already, by whomever.

        Raises:
            QueueNotFound: The message's queue is not declared.
        """

    @abstractmethod
    def dead(self, *, queue: str | None = None, limit: int = 100) -> list[DeadJob]:
        """The dead letters that died last, the last one first.

        Args:
            queue: Of which queue; None for all.
            limit: How many at most.
        """

    @abstractmethod
    def retry_dead(self, job_id: str) -> bool:
        """Put a dead letter back into its queue, as if it were enqueued for the first time.

        Returns:
            Whether there was one.
        """

    @abstractmethod
    def purge_dead(self, job_id: str | None = None) -> int:
        """Forget a dead letter, or all; how many were forgotten."""

    @abstractmethod
    def cancel(self, job_id: str) -> bool:
        """Forget a job that no consumer has yet.

        Returns:
            Whether it was forgotten: False where a consumer has it, or it is not there.
        """

    @abstractmethod
    def sizes(self) -> dict[str, QueueSizes]:
        """How many jobs each queue has, those declared here and those that have jobs."""

    def flush_all(self) -> None:
        """Drop what no consumer has yet, from all declared queues."""
        for queue_name in list(self.queues):
            self.flush(queue_name)

    def require_queue(self, queue_name: str) -> None:
        """Refuse a queue that is not declared.

        Raises:
            QueueNotFound: It is not.
        """
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)
