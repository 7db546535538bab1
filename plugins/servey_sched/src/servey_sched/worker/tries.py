"""One delivery of a job to a worker, until it is known what becomes of it."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import dramatiq

from servey_core import Action, Invoker, RunningJob
from servey_sched.jobs.messages import JobContent
from servey_sched.worker.verdicts import Again, Verdict

if TYPE_CHECKING:
    from asyncio import Task


@dataclass(eq=False, slots=True)
class Try:
    """A job that this worker has.

    Attributes:
        message: The job, as it was delivered.
        content: What the message says.
        invoker: Runs its action.
        task: What runs it, or waits for room to.
        job: What its action sees of it.
        began: Whether it has begun to run.
        verdict: What becomes of it, as soon as that is known.
    """

    message: dramatiq.MessageProxy
    content: JobContent
    invoker: Invoker
    task: "Task[Any] | None"
    job: RunningJob = field(init=False)
    began: bool = False
    verdict: Verdict | None = None

    def __post_init__(self) -> None:
        self.job = RunningJob(self.message.message_id, self.content.retries + 1)

    @property
    def action(self) -> Action:
        """Its action."""
        return self.invoker.action

    @property
    def suspected(self) -> bool:
        """Whether it was delivered before, and may be what its worker died of.

        Such a job is not enqueued anew before it has run: nobody would know of those deaths.
        """
        return self.content.starts > 1

    def again(self, seconds: float, **changes: Any) -> Again:
        """The same job, under the same id, a while later.

        Args:
            seconds: After how long.
            changes: Options that are others then.
        """
        kept = {name: value for name, value in self.message.options.items() if name != "starts"}
        plain = self.message._message  # noqa: SLF001 - a proxy gives its message to nobody
        return Again(replace(plain, options=kept | changes), round(seconds * 1000))
