"""What a broker has: its queues with their sizes, and the jobs that are in some states."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import click

from servey_core import Progress
from servey_core.naming import did_you_mean
from servey_core.redaction import redacted, redacted_text
from servey_sched.brokers.base import DeadJob, JobState, KnownJob, QueueSizes, Unsupported
from servey_sched.commands.wording import utc
from servey_sched.jobs.records import read_record
from servey_sched.queue import DramatiqQueue

_UNLISTED = (
    "This broker cannot list the jobs that are in its queues. `servey jobs dead` lists those that "
    "are dead, and `servey jobs show ID` what is known of one."
)


@dataclass(frozen=True)
class Listing:
    """What a broker has; two of them are equal where nothing has happened.

    Attributes:
        sizes: How many jobs each queue has.
        jobs: The jobs by their states: in the order in which they start, where they wait.
        dead: The dead letters, the last one first.
        progress: How far jobs say that they are, by their ids.
        unlisted: Why jobs cannot be listed; empty where they can.
    """

    sizes: Mapping[str, QueueSizes]
    jobs: Mapping[JobState, Sequence[KnownJob]] = field(default_factory=dict)
    dead: Sequence[DeadJob] = ()
    progress: Mapping[str, Progress] = field(default_factory=dict)
    unlisted: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        jobs = [self._job(job) for several in self.jobs.values() for job in several]
        return {
            "queues": {name: asdict(size) for name, size in self.sizes.items()},
            "jobs": [*jobs, *map(_dead, self.dead)],
            **({"unlisted": self.unlisted} if self.unlisted else {}),
        }

    def _job(self, job: KnownJob) -> dict[str, Any]:
        progress = self.progress.get(job.id)
        return {
            **_common(job),
            "state": job.state,
            "priority": job.priority,
            "due": utc(job.due) if job.due else None,
            "progress": None if progress is None else redacted(asdict(progress)),
        }


def sizes_of(queue: DramatiqQueue, name: str | None) -> dict[str, QueueSizes]:
    """The sizes of all queues, or of one.

    Raises:
        click.UsageError: There is none of this name.
    """
    sizes = queue.broker.sizes()
    if name is None:
        return dict(sorted(sizes.items()))
    if name not in sizes:
        raise click.UsageError(f"There is no queue {name!r}. {did_you_mean(name, sizes)}".rstrip())
    return {name: sizes[name]}


async def listing_of(
    queue: DramatiqQueue, states: Sequence[JobState], name: str | None, limit: int
) -> Listing:
    """Ask a broker what it has.

    Args:
        queue: Whose broker.
        states: In which states jobs are listed.
        name: Of which queue; None for all.
        limit: How many jobs of a state at most.

    Raises:
        click.UsageError: There is no queue of this name.
        BrokerConnectionError: The broker cannot be used just now.
        Unavailable: The state store is.
    """
    broker, sizes = queue.broker, sizes_of(queue, name)
    dead = broker.dead(queue=name, limit=limit) if "dead" in states else []
    try:
        jobs: dict[JobState, Sequence[KnownJob]] = {
            state: broker.jobs(state=state, queue=name, limit=limit)
            for state in states
            if state != "dead"
        }
    except Unsupported:
        return Listing(sizes, dead=dead, unlisted=_UNLISTED)
    records = {job.id: await read_record(queue.state, job.id) for job in jobs.get("running", ())}
    progress = {key: one.progress for key, one in records.items() if one and one.progress}
    return Listing(sizes, jobs, dead, progress)


def sent_at(job: KnownJob | DeadJob) -> datetime | None:
    """When a job was sent; None where its message cannot be read."""
    if job.message is None:
        return None
    try:
        return datetime.fromtimestamp(job.message.message_timestamp / 1000, UTC)
    except (TypeError, ValueError, OverflowError, OSError):  # whoever wrote it
        return None


def last_line(error: str) -> str:
    """What a traceback comes to."""
    return next(reversed(error.strip().splitlines()), "")


def _dead(job: DeadJob) -> dict[str, Any]:
    return {
        **_common(job),
        "state": "dead",
        "died": utc(job.died_at),
        "error": redacted_text(last_line(job.error)),
    }


def _common(job: KnownJob | DeadJob) -> dict[str, Any]:
    sent = sent_at(job)
    return {
        "id": job.id,
        "action": job.actor,
        "queue": job.queue,
        "starts": job.starts,
        "sent": utc(sent) if sent else None,
    }
