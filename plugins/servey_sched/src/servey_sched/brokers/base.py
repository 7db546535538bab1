"""What every broker of Servey's promises, beyond what Dramatiq asks of one.

- A job is a Dramatiq message; its id is the message's. No queue of delayed messages is declared:
  a delayed job stays in the broker until it is due.
- When `enqueue`, `enqueue_many` or `claim` returns, the jobs are as durable as the broker is.
- Where a broker can `find` jobs, a message takes the place of the job with its id, even a dead one:
  a retry that of the try that failed, so that no crash is between the two, and one that is sent
  again, as its sender does not know whether it arrived, that of itself. What is said of a delivery
  from before changes nothing.
- A job is delivered at least once. One whose consumer dies, or is stopped for long, is delivered
  anew after a lease; what the first consumer says of it then changes nothing.
- A delivered message has the option `starts`: how often the job has been delivered since it was
  enqueued, this time included. What is given back unstarted does not count.
- A job that may be what its consumers died of, and has been delivered `alone_from` times, is
  delivered when the process has no other such job; see `suspects`.
- `nack` makes a dead letter, with the traceback in the message's option `traceback` where a
  middleware put one there. So do bytes that no message can be made of; no consumer stops at them.
- Messages are Dramatiq's JSON.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Literal

import dramatiq
from dramatiq.errors import QueueJoinTimeout, QueueNotFound

from servey_core import ServeyError

JobState = Literal["ready", "delayed", "running", "dead"]
"""Where a job is: waits for a consumer, waits for its time, is with a consumer, or is not tried
any more."""


LONGEST_DELAY = 100 * 365 * 24 * 3_600_000
"""For how many milliseconds a job may be held back at most."""

_JOIN_PAUSE = 0.01
"""How often `join` looks, in seconds."""

_join_timeout: Callable[[str], QueueJoinTimeout] = QueueJoinTimeout


class Unsupported(ServeyError):  # noqa: N818 - as those of the core
    """A broker cannot do this; the text says why, and what to use instead."""


@dataclass(frozen=True, slots=True)
class KnownJob:
    """A job that a broker has.

    Attributes:
        id: The message's id.
        queue: The queue that it is in.
        actor: The actor's name; empty where the message cannot be decoded.
        message: The message; None where its bytes cannot be decoded.
        state: Where it is.
        priority: Smaller goes first.
        starts: How often it has been delivered.
        due: When it becomes ready, in UTC; None for one that is not delayed.
    """

    id: str
    queue: str
    actor: str
    message: dramatiq.Message[Any] | None
    state: JobState
    priority: int
    starts: int
    due: datetime | None = None


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

    Attributes:
        finds: Whether it can look for one job.
    """

    finds: ClassVar[bool] = True

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
    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> "JobConsumer":
        """Take jobs of a queue.

        Args:
            queue_name: The queue.
            prefetch: How many jobs the consumer holds at most, those that run included.
            timeout: How long it waits for a job before it gives None, in milliseconds.

        Raises:
            QueueNotFound: The queue is not declared.
        """

    @abstractmethod
    def find(self, job_id: str) -> KnownJob | None:
        """What the broker knows of a job, dead ones included; None where it has none of this id.

        Raises:
            Unsupported: This broker cannot look for one job.
        """

    @abstractmethod
    def jobs(
        self, *, state: JobState, queue: str | None = None, limit: int = 100
    ) -> list[KnownJob]:
        """The jobs that are in a state: in the order in which they will start, where they wait.

        Args:
            state: Which; not `dead`, for which there is `dead`.
            queue: Of which queue; None for all.
            limit: How many at most.

        Raises:
            ValueError: The state is `dead`.
            Unsupported: This broker cannot look into its queues.
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

    def retry_many_dead(self, job_ids: Iterable[str]) -> set[str]:
        """Put dead letters back into their queues; the ids of those that were there."""
        return {job_id for job_id in job_ids if self.retry_dead(job_id)}

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

    def join(self, queue_name: str, *, timeout: int | None = None) -> None:
        """Wait until a queue has no jobs but dead ones, as tests do.

        Args:
            queue_name: The queue.
            timeout: For how many milliseconds at most; None for as long as it takes.

        Raises:
            QueueNotFound: It is not declared.
            QueueJoinTimeout: It still has some.
        """
        self.require_queue(queue_name)
        deadline = None if timeout is None else time.monotonic() + timeout / 1000
        while not self.is_idle(queue_name):
            if deadline is not None and time.monotonic() > deadline:
                raise _join_timeout(f"The queue {queue_name} has jobs after {timeout} ms.")
            time.sleep(_JOIN_PAUSE)

    def is_idle(self, queue_name: str) -> bool:
        """Whether a queue has no jobs but dead ones."""
        size = self.sizes().get(queue_name, QueueSizes())
        return not (size.ready or size.delayed or size.running)

    def require_queue(self, queue_name: str) -> None:
        """Refuse a queue that is not declared.

        Raises:
            QueueNotFound: It is not.
        """
        if queue_name not in self.queues:
            raise QueueNotFound(queue_name)


class JobConsumer(dramatiq.Consumer, ABC):
    """Delivers the jobs of one queue; each of its methods may be called from another thread."""

    def ack_many(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Forget jobs that are done: quicker than one by one where a broker can do it at once."""
        for message in messages:
            self.ack(message)

    @abstractmethod
    def close(self) -> None:
        """Give back what it holds, also what it has delivered, as if it had not."""


def milliseconds_of(delay: int | None) -> int | None:
    """A delay that a job can have.

    Raises:
        ValueError: None can be such.
    """
    if delay is None or (isinstance(delay, int) and 0 <= delay <= LONGEST_DELAY):
        return delay
    raise ValueError(
        f"The delay of a job is {delay!r}, which is no number of milliseconds from 0 to "
        f"{LONGEST_DELAY} (100 years)."
    )


def not_dead(state: JobState) -> JobState:
    """A state that jobs are listed by.

    Raises:
        ValueError: It is `dead`.
    """
    if state == "dead":
        raise ValueError("Dead letters are not among the jobs that are listed: `dead()` has them.")
    return state
