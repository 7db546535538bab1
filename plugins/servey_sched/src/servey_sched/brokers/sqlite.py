"""The embedded broker: jobs in an SQLite file, for all processes of one machine."""

import threading
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dramatiq
from dramatiq.errors import QueueJoinTimeout

from servey_core import SettingsError
from servey_sched.brokers import sqlite_jobs as jobs
from servey_sched.brokers.base import DeadJob, JobBroker, QueueSizes
from servey_sched.brokers.messages import priority_of
from servey_sched.brokers.sqlite_consumer import SqliteConsumer
from servey_sched.brokers.sqlite_leases import Leases
from servey_sched.brokers.sqlite_watch import Watch
from servey_sched.brokers.sqlite_writer import Writer

LEASE_SECONDS = 15.0
"""After how long without a sign of life a worker's jobs are given to another."""

PATIENCE_SECONDS = 5.0
"""How long an operation waits while other processes write."""

_URL = "sqlite:///"
_LONGEST_DELAY = 2**53
_JOIN_PAUSE = 0.01  # in seconds


class SqliteBroker(JobBroker):
    """Keeps jobs in a file, which is made when it is first needed, for its owner alone.

    What was enqueued is on the disk when the call returns: neither a crash of the process nor one
    of the machine loses it. Calls of several threads share a write to the disk. What consumers say
    survives a crash of the process; after one of the machine, a job that was done may run again.
    A message takes the place of a job with its id: a retry that of the try that failed, so that no
    crash is between the two, and one that is sent again, as its sender does not know whether it
    arrived, that of itself.

    The file must be on a local disk, not on a network's, and the machine's clock is trusted. A
    process that forks after its first use must make another broker in its child.

    Args:
        path: The file; other tables may be in it.
        middleware: Dramatiq's; None for its default.
        lease: After how many seconds without a sign of life a worker's jobs are given to another.
        patience: For how many seconds an operation waits while other processes write.
    """

    def __init__(
        self,
        path: Path,
        *,
        middleware: list[dramatiq.Middleware] | None = None,
        lease: float = LEASE_SECONDS,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        super().__init__(middleware)
        self._path = path.absolute()
        self._lease = lease
        self._patience = patience
        self._writer = Writer(self._path, patience, self._committed)
        self._lock = threading.Lock()
        self._consuming: tuple[Leases, Watch] | None = None

    def enqueue_many(
        self, messages: Sequence[dramatiq.Message[Any]], *, delay: int | None = None
    ) -> None:
        """Enqueue all of some messages or none, in one durable step; see `JobBroker`."""
        entries = [self._entry(message, delay) for message in messages]
        self._writer.run(partial(jobs.put, entries=entries), durable=True)
        for message in messages:
            self.emit_after("enqueue", message, delay)

    def claim(
        self, schedule: str, tick: str, message: dramatiq.Message[Any], *, keep_seconds: int
    ) -> bool:
        """Claim a tick and enqueue its message, both or neither; see `JobBroker`."""
        entry = self._entry(message, None)
        expires_at = jobs.now() + keep_seconds * 1000
        claimed = self._writer.run(
            partial(jobs.claim, schedule=schedule, tick=tick, expires_at=expires_at, entry=entry),
            durable=True,
        )
        if claimed:
            self.emit_after("enqueue", message, None)
        return claimed

    def consume(
        self, queue_name: str, prefetch: int = 1, timeout: int = 30000
    ) -> dramatiq.Consumer:
        """Deliver the jobs of a queue.

        Args:
            queue_name: The queue.
            prefetch: How many jobs the consumer has at most, those that run included.
            timeout: For how many milliseconds it waits at most.

        Raises:
            QueueNotFound: The queue is not declared.
            BrokerConnectionError: The file cannot be used just now.
        """
        self.require_queue(queue_name)
        self._writer.run(lambda _: None)  # makes the file, for the watch
        with self._lock:
            if not self._consuming:
                self._consuming = (
                    Leases(self._writer, self._lease),
                    Watch(self._path, self._patience),
                )
            leases, watch = self._consuming
        return SqliteConsumer(queue_name, prefetch, timeout, self._writer, leases, watch)

    def dead(self, *, queue: str | None = None, limit: int = 100) -> list[DeadJob]:
        """The dead letters that died last, the last one first; see `JobBroker`."""
        return self._writer.run(partial(jobs.dead, queue=queue, limit=limit))

    def retry_dead(self, job_id: str) -> bool:
        """Put a dead letter back into its queue; see `JobBroker`."""
        return self._writer.run(partial(jobs.retry_dead, job_id=job_id), durable=True)

    def purge_dead(self, job_id: str | None = None) -> int:
        """Forget a dead letter, or all; how many were forgotten."""
        return self._writer.run(partial(jobs.purge_dead, job_id=job_id), durable=True)

    def cancel(self, job_id: str) -> bool:
        """Forget a job that no consumer has yet; see `JobBroker`."""
        return self._writer.run(partial(jobs.cancel, job_id=job_id), durable=True)

    def sizes(self) -> dict[str, QueueSizes]:
        """How many jobs each queue has."""
        return dict.fromkeys(self.queues, QueueSizes()) | self._writer.run(jobs.sizes)

    def flush(self, queue_name: str) -> None:
        """Drop what no consumer has yet from a queue.

        Raises:
            QueueNotFound: It is not declared.
        """
        self.require_queue(queue_name)
        self._writer.run(partial(jobs.flush, queue=queue_name), durable=True)

    def join(self, queue_name: str, *, timeout: int | None = None) -> None:
        """Wait until a queue has no jobs, delayed ones included, as tests do.

        Args:
            queue_name: The queue.
            timeout: For how many milliseconds at most; None for as long as it takes.

        Raises:
            QueueNotFound: It is not declared.
            QueueJoinTimeout: It still has some.
        """
        self.require_queue(queue_name)
        deadline = None if timeout is None else time.monotonic() + timeout / 1000
        while not self._writer.run(partial(jobs.is_empty, queue=queue_name)):
            if deadline is not None and time.monotonic() > deadline:
                raise QueueJoinTimeout(f"The queue {queue_name} has jobs after {timeout} ms.")
            time.sleep(_JOIN_PAUSE)

    def close(self) -> None:
        """Give back what is held, and close the file."""
        with self._lock:
            consuming, self._consuming = self._consuming, None
        if consuming:
            leases, watch = consuming
            watch.close()
            leases.close()
        self._writer.close()

    def _entry(self, message: dramatiq.Message[Any], delay: int | None) -> jobs.Entry:
        self.require_queue(message.queue_name)
        if delay is not None and not 0 <= delay < _LONGEST_DELAY:
            raise ValueError(f"The delay of {message} is {delay!r} ms, which none can be.")
        self.emit_before("enqueue", message, delay)
        return jobs.Entry(
            id=message.message_id,
            queue=message.queue_name,
            priority=priority_of(message, self),
            due=jobs.now() + int(delay) if delay else 0,
            body=message.encode(),
        )

    def _committed(self) -> None:
        consuming = self._consuming
        if consuming:
            consuming[1].ring()


def sqlite_path(setting: str, url: str) -> Path:
    """The file that an `sqlite` URL names.

    Args:
        setting: The name of the setting, for errors.
        url: Its value, such as `sqlite:///servey.db`.

    Raises:
        SettingsError: It names no file, or one in a folder that is not there.
    """
    name = url[len(_URL) :]
    if not url.lower().startswith(_URL) or name in ("", "/", ":memory:"):
        raise SettingsError(
            f"{setting} is {url!r}, which names no file: `sqlite:///servey.db` is one in the "
            "working folder, and `sqlite:////var/lib/app/servey.db` one elsewhere."
        )
    path = Path(name).absolute()
    if not path.parent.is_dir():
        raise SettingsError(
            f"{setting}: the jobs cannot be kept in {path}: there is no such folder. Name a file "
            "that can be written, such as `sqlite:////var/lib/app/servey.db`."
        )
    return path
