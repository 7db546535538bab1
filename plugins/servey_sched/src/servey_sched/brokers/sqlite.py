"""The embedded broker: jobs in an SQLite file, for all processes of one machine."""

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import dramatiq

from servey_core import SettingsError
from servey_sched.brokers import sqlite_inspection as inspection
from servey_sched.brokers import sqlite_jobs as table
from servey_sched.brokers.base import (
    DeadJob,
    JobState,
    KnownJob,
    QueueSizes,
    milliseconds_of,
    not_dead,
)
from servey_sched.brokers.messages import priority_of
from servey_sched.brokers.sqlite_consumer import SqliteConsumer
from servey_sched.brokers.sqlite_leases import Leases
from servey_sched.brokers.sqlite_ticks import SqliteTicks
from servey_sched.brokers.sqlite_watch import Watch
from servey_sched.brokers.sqlite_writer import Writer
from servey_sched.brokers.suspects import ALONE_FROM, Cell

LEASE_SECONDS = 15.0
"""After how long without a sign of life a worker's jobs are given to another."""

PATIENCE_SECONDS = 5.0
"""How long an operation waits while other processes write."""

_URL = "sqlite:///"


class SqliteBroker(SqliteTicks):
    """Keeps jobs in a file, which is made when it is first needed, for its owner alone.

    What was enqueued is on the disk when the call returns: neither a crash of the process nor one
    of the machine loses it. Calls of several threads share a write to the disk. What consumers say
    survives a crash of the process; after one of the machine, a job that was done may run again.

    The file must be on a local disk, not on a network's, and the machine's clock is trusted. A
    process that forks after its first use must make another broker in its child.

    Args:
        path: The file; other tables may be in it.
        middleware: Dramatiq's; None for its default.
        lease: After how many seconds without a sign of life a worker's jobs are given to another.
        patience: For how many seconds an operation waits while other processes write.
        alone_from: How often a job has been started, at least, that starts alone; see `suspects`.
    """

    def __init__(
        self,
        path: Path,
        *,
        middleware: list[dramatiq.Middleware] | None = None,
        lease: float = LEASE_SECONDS,
        patience: float = PATIENCE_SECONDS,
        alone_from: int = ALONE_FROM,
    ) -> None:
        super().__init__(middleware)
        self._path = path.absolute()
        self._lease = lease
        self._patience = patience
        self._cell = Cell(alone_from)
        self._writer = Writer(self._path, patience, self._committed)
        self._lock = threading.Lock()
        self._consuming: tuple[Leases, Watch] | None = None

    def enqueue_many(
        self, messages: Sequence[dramatiq.Message[Any]], *, delay: int | None = None
    ) -> None:
        """Enqueue all of some messages or none, in one durable step; see `JobBroker`."""
        entries = [self._entry(message, delay) for message in messages]
        self._writer.run(partial(table.put, entries=entries), durable=True)
        for message in messages:
            self.emit_after("enqueue", message, delay)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> SqliteConsumer:
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
        return SqliteConsumer(
            queue_name, prefetch, timeout, self._writer, leases, watch, self._cell
        )

    def find(self, job_id: str) -> KnownJob | None:
        """What is known of a job; None where there is none; see `JobBroker`."""
        return self._writer.run(partial(inspection.find, job_id=job_id))

    def jobs(
        self, *, state: JobState, queue: str | None = None, limit: int = 100
    ) -> list[KnownJob]:
        """The jobs that are in a state, in their order; see `JobBroker`."""
        state = not_dead(state)
        return self._writer.run(partial(inspection.jobs, state=state, queue=queue, limit=limit))

    def dead(self, *, queue: str | None = None, limit: int = 100) -> list[DeadJob]:
        """The dead letters that died last, the last one first; see `JobBroker`."""
        return self._writer.run(partial(inspection.dead, queue=queue, limit=limit))

    def retry_dead(self, job_id: str) -> bool:
        """Put a dead letter back into its queue; see `JobBroker`."""
        return self._writer.run(partial(table.retry_dead, job_id=job_id), durable=True)

    def purge_dead(self, job_id: str | None = None) -> int:
        """Forget a dead letter, or all; how many were forgotten."""
        return self._writer.run(partial(table.purge_dead, job_id=job_id), durable=True)

    def cancel(self, job_id: str) -> bool:
        """Forget a job that no consumer has yet; see `JobBroker`."""
        return self._writer.run(partial(table.cancel, job_id=job_id), durable=True)

    def sizes(self) -> dict[str, QueueSizes]:
        """How many jobs each queue has."""
        return dict.fromkeys(self.queues, QueueSizes()) | self._writer.run(inspection.sizes)

    def flush(self, queue_name: str) -> None:
        """Drop what no consumer has yet from a queue.

        Raises:
            QueueNotFound: It is not declared.
        """
        self.require_queue(queue_name)
        self._writer.run(partial(table.flush, queue=queue_name), durable=True)

    def is_idle(self, queue_name: str) -> bool:
        """Whether a queue has no jobs but dead ones."""
        return self._writer.run(partial(inspection.is_idle, queue=queue_name))

    def close(self) -> None:
        """Give back what is held, and close the file."""
        with self._lock:
            consuming, self._consuming = self._consuming, None
        if consuming:
            leases, watch = consuming
            watch.close()
            leases.close()
        self._writer.close()

    def _entry(self, message: dramatiq.Message[Any], delay: int | None) -> table.Entry:
        self.require_queue(message.queue_name)
        milliseconds = milliseconds_of(delay)
        self.emit_before("enqueue", message, delay)
        return table.Entry(
            id=message.message_id,
            queue=message.queue_name,
            priority=priority_of(message, self),
            due=table.now() + milliseconds if milliseconds else 0,
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
