"""The task queue that sends jobs through a Dramatiq broker."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby

from dramatiq.errors import BrokerConnectionError

from servey_core import (
    JobOrder,
    JobState,
    JobStatus,
    Runtime,
    StateStore,
    TaskQueue,
    TaskQueueFactory,
    Unavailable,
)
from servey_sched.brokers.base import JobBroker, KnownJob, Unsupported
from servey_sched.brokers.base import JobState as WhereItIs
from servey_sched.brokers.choosing import broker_of
from servey_sched.jobs.cancelling import cancel_wherever
from servey_sched.jobs.messages import message_of
from servey_sched.jobs.records import (
    AFTERWARDS,
    JobRecord,
    read_record,
    record_key,
    write_record,
)
from servey_sched.settings import SchedSettings

NAME = "dramatiq"

_STATES: dict[WhereItIs, JobState] = {
    "ready": JobState.READY,
    "delayed": JobState.DELAYED,
    "running": JobState.RUNNING,
    "dead": JobState.FAILED,
}


class DramatiqQueue(TaskQueue):
    """Sends jobs through a broker, to whichever worker takes them.

    Args:
        runtime: The application.
        broker: The broker; None for the one that the settings name.

    Attributes:
        broker: The broker.

    Raises:
        SettingsError: The settings name no broker.
    """

    def __init__(self, runtime: Runtime, broker: JobBroker | None = None) -> None:
        self._runtime = runtime
        self.broker = broker or broker_of(runtime.settings.group(SchedSettings))
        self.knows_all = self.broker.finds
        for name in queue_names(runtime):
            self.broker.declare_queue(name)

    @property
    def state(self) -> StateStore:
        """Where what is known of jobs is kept."""
        return self._runtime.state

    def put(self, orders: Sequence[JobOrder]) -> None:
        """Take jobs, durably where the broker is; those of one delay in one step."""
        for delay, several in groupby(orders, lambda order: order.delay):
            messages = [message_of(order) for order in several]
            with broker_errors():
                self.broker.enqueue_many(messages, delay=milliseconds(delay))

    async def aput(self, orders: Sequence[JobOrder]) -> None:
        """Take jobs without blocking the event loop."""
        await asyncio.to_thread(self.put, orders)

    async def status(self, job_id: str) -> JobStatus | None:
        """What is known of a job, by what is kept of it or else by the broker."""
        record = await read_record(self.state, job_id)
        if record is not None and record.state is JobState.SUCCEEDED:
            return _ended(job_id, record)
        known = await asyncio.to_thread(self._find, job_id)
        if known is None or known.state == "dead":  # else it was sent again since it ended
            record = await read_record(self.state, job_id)  # perhaps it has ended only just now
            if record is not None and record.state is not JobState.RUNNING:
                return _ended(job_id, record)
        progress = record.progress if record else None
        if known is not None:
            return JobStatus(job_id, known.actor, _STATES[known.state], progress)
        return JobStatus(job_id, record.action, record.state, progress) if record else None

    async def cancel(self, job_id: str) -> bool:
        """Let a job not start, or ask whoever has it to stop."""
        before = await self.status(job_id)
        if await asyncio.to_thread(self._forget, job_id):
            cancelled = JobRecord(before.action if before else "", JobState.CANCELLED)
            await write_record(self.state, job_id, cancelled, AFTERWARDS)
            return True
        if before is not None and before.state is JobState.FAILED and self.knows_all:
            return False  # and its dead letter may be tried again
        await cancel_wherever(self.state, job_id)
        status = await self.status(job_id)
        return status is not None and status.state in (JobState.RUNNING, JobState.READY)

    async def retry(self, job_id: str) -> bool:
        """Put a dead letter back into its queue, and forget how it ended.

        Returns:
            Whether there was one.
        """
        return job_id in await self.retry_many([job_id])

    async def retry_many(self, job_ids: Iterable[str]) -> set[str]:
        """Put dead letters back into their queues, and forget how they ended.

        Returns:
            The ids of those that there were.
        """
        ended = {job_id: await self.state.get(record_key(job_id)) for job_id in job_ids}
        for job_id, record in ended.items():
            if record is not None:  # first, or it might be that of the new try
                await self.state.remove(record_key(job_id), record)
        retried = await asyncio.to_thread(self._retry_dead, ended)
        for job_id, record in ended.items():
            if record is not None and job_id not in retried:
                await self.state.add(record_key(job_id), record, AFTERWARDS)
        return retried

    def close(self) -> None:
        """Close the connections."""
        self.broker.close()

    def _find(self, job_id: str) -> KnownJob | None:
        with broker_errors():
            try:
                return self.broker.find(job_id)
            except Unsupported:
                return None

    def _forget(self, job_id: str) -> bool:
        with broker_errors():
            return self.broker.cancel(job_id)

    def _retry_dead(self, job_ids: Iterable[str]) -> set[str]:
        with broker_errors():
            return self.broker.retry_many_dead(job_ids)


def _ended(job_id: str, record: JobRecord) -> JobStatus:
    return JobStatus(job_id, record.action, record.state, record.progress, record.reply)


def queue_names(runtime: Runtime) -> list[str]:
    """The queues of all actions, each once."""
    names = (action.background.queue for action in runtime.actions.values())
    return list(dict.fromkeys(names)) or ["default"]


def milliseconds(seconds: float) -> int | None:
    """A delay as brokers take it; None for none."""
    return max(1, round(seconds * 1000)) if seconds > 0 else None


@contextmanager
def broker_errors() -> Iterator[None]:
    """Tell callers that the broker cannot be used, in words that say nothing of it.

    Raises:
        Unavailable: It cannot.
    """
    try:
        yield
    except BrokerConnectionError as error:
        raise Unavailable("The job broker cannot be used just now.") from error


dramatiq_factory = TaskQueueFactory(NAME, DramatiqQueue, default=True)
