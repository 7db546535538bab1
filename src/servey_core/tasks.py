"""Where background work goes: what a task queue is told of a job, and what it knows of it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from servey_core.actions import Action
from servey_core.authorization import Authorization
from servey_core.stored_replies import StoredReply

if TYPE_CHECKING:
    from servey_core.runtime import Runtime


IN_PROCESS = "in-process"
"""The core's own task queue, by its name."""


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A job as it is handed to a task queue.

    Attributes:
        id: Names the job, as a UUID; an order with the id of one that waits takes its place.
        action: What to run.
        arguments: Its arguments, as the JSON object that its signature reads.
        authorization: For whom it runs; None for nobody.
        delay: After how many seconds it may start.
        priority: Which jobs of a queue go first: those with a smaller number.
        max_retries: How often it is tried again after it failed.
        idempotency_key: What the caller calls this job, whichever time it is sent.
        keep_result: For how many seconds its result is kept; 0 for not at all.
    """

    id: str
    action: Action
    arguments: bytes
    authorization: Authorization | None
    delay: float
    priority: int
    max_retries: int
    idempotency_key: str | None
    keep_result: float


class JobState(StrEnum):
    """Where a job is."""

    READY = "ready"
    """It waits for a worker."""
    DELAYED = "delayed"
    """It waits for its time, the first or that of another try."""
    RUNNING = "running"
    """A worker has it."""
    SUCCEEDED = "succeeded"
    """It is done, and there is a result."""
    FAILED = "failed"
    """It is not tried any more."""
    CANCELLED = "cancelled"
    """Somebody cancelled it."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a running job says that it is.

    Attributes:
        done: How much of it is done.
        total: How much there is to do; None where that is not known.
        note: What it is doing, for a person.
    """

    done: float
    total: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What a task queue knows of a job.

    Attributes:
        id: Names the job.
        action: The name of its action.
        state: Where it is.
        progress: How far it says that it is; None where it says nothing.
        reply: How it ended, where that is kept.
    """

    id: str
    action: str
    state: JobState
    progress: Progress | None = None
    reply: StoredReply | None = None


class TaskQueue(ABC):
    """Takes jobs, and lets them run later, here or elsewhere.

    Any method raises `Unavailable` where the queue cannot be used just now; whether the operation
    happened is not known then, and a job may be sent again under its id.

    Attributes:
        knows_all: Whether `status` knows every job that was taken, until what is kept of it is
            forgotten.
    """

    knows_all: bool = False

    @abstractmethod
    def put(self, orders: Sequence[JobOrder]) -> None:
        """Take jobs; as durable as the queue is once it returns. It blocks.

        Raises:
            QueueFull: There is no room for them; none was taken.
            Unavailable: The queue cannot be used just now.
        """

    @abstractmethod
    async def aput(self, orders: Sequence[JobOrder]) -> None:
        """The same without blocking the event loop."""

    @abstractmethod
    async def status(self, job_id: str) -> JobStatus | None:
        """What is known of a job; None where nothing is, as of one that is done and not kept."""

    @abstractmethod
    async def cancel(self, job_id: str) -> bool:
        """Let a job not start or, where it runs already, ask it to stop.

        A coroutine is cancelled; a function in a thread sees it by `current_job()`.

        Returns:
            Whether it was there to be cancelled, as far as the queue can tell.
        """

    def drain(self, seconds: float) -> None:  # noqa: B027 - it need not run any
        """Wait until the jobs that this process runs for the queue have ended; it blocks.

        Args:
            seconds: For how long at most.
        """

    def close(self) -> None:  # noqa: B027 - a queue need not hold anything
        """Let go of connections; what was taken stays taken."""


@dataclass(frozen=True, slots=True)
class TaskQueueFactory:
    """A named way to make a `TaskQueue`; `SERVEY_TASK_QUEUE` chooses by name.

    Attributes:
        name: The name to choose it by, such as `dramatiq`.
        build: Makes the queue for an application, and connects to nothing yet; raises
            `SettingsError` where the settings do not do.
        default: Whether it is chosen where the settings name none.
    """

    name: str
    build: "Callable[[Runtime], TaskQueue]"
    default: bool = False
