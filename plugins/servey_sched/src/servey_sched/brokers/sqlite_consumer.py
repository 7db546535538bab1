"""Delivers the jobs of one queue to one worker."""

import logging
import threading
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any

import dramatiq
from dramatiq.errors import DecodeError

from servey_sched.brokers.base import JobConsumer
from servey_sched.brokers.deliveries import Delivered
from servey_sched.brokers.messages import decode, error_of, why_garbage
from servey_sched.brokers.sqlite_jobs import Lease, Taken, Wanted, bury, remove
from servey_sched.brokers.sqlite_leases import Leases
from servey_sched.brokers.sqlite_watch import Waiter, Watch
from servey_sched.brokers.sqlite_writer import Writer
from servey_sched.brokers.suspects import Cell, Suspects

_log = logging.getLogger("servey.jobs")


class Delivery(Delivered[Lease]):
    """A message that a broker on SQLite has delivered."""


class SqliteConsumer(JobConsumer):
    """Takes jobs in batches, and waits where there are none.

    Args:
        queue: The queue.
        prefetch: How many jobs the worker has at most, those that run included.
        timeout: For how many milliseconds it waits at most.
        writer: Writes to the file.
        leases: What this process holds.
        watch: Wakes it.
        cell: Where this process has the job that starts alone.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it works with
        self,
        queue: str,
        prefetch: int,
        timeout: int,
        writer: Writer,
        leases: Leases,
        watch: Watch,
        cell: Cell,
    ) -> None:
        self._queue = queue
        self._prefetch = prefetch
        self._seconds = timeout / 1000
        self._writer = writer
        self._leases = leases
        self._watch = watch
        self._batch: deque[Taken] = deque()
        self._held: dict[Lease, int] = {}  # and how often it has been delivered
        self._suspects = Suspects(prefetch, cell)
        self._wake = threading.Event()

    def __next__(self) -> Delivery | None:
        if not self._batch:
            self._fetch_or_wait()
        while self._batch:
            taken = self._batch[0]
            message = self._decoded(taken)
            self._batch.popleft()
            if message:
                return Delivery(message, taken.lease)
        return None

    def ack(self, message: dramatiq.MessageProxy) -> None:
        """Forget a job that is done."""
        self.ack_many([message])

    def ack_many(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Forget jobs that are done, in one write."""
        leases = [Delivery.lease_of(message) for message in messages]
        removed = self._writer.run(partial(remove, leases=leases))
        if removed < len(leases):
            others = len(leases) - removed
            _log.debug("%s jobs were enqueued anew, or their lease ended, while they ran.", others)
        self._let_go(leases)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        """Make a dead letter of a job."""
        lease = Delivery.lease_of(message)
        if not self._writer.run(partial(bury, lease=lease, error=error_of(message))):
            _log.debug("%s was enqueued anew, or its lease ended, before it failed.", message)
        self._let_go([lease])

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Give back jobs that were not started."""
        leases = [Delivery.lease_of(message) for message in messages]
        self._leases.give_back(leases)
        self._let_go(leases)

    def close(self) -> None:
        """Give back what it holds, also what it has delivered, as if it had not."""
        leases = list(self._held.copy())
        self._batch.clear()
        self._leases.give_back(leases)
        self._let_go(leases)

    def _fetch_or_wait(self) -> None:
        self._wake.clear()  # before anything is looked at, so that nothing is missed
        if len(self._held) > self._prefetch // 2:
            self._wake.wait(self._seconds)
            return
        wanted, taken = self._fetch()
        if not taken:
            with self._watch.waiting(Waiter(wanted, self._wake)):
                self._wake.wait(self._seconds)

    def _fetch(self) -> tuple[Wanted, list[Taken]]:
        """Take jobs; which were wanted, and which there were."""
        suspects, taken = self._suspects, list[Taken]()
        alone = suspects.begin()
        try:
            wanted = Wanted(
                self._queue,
                self._prefetch - len(self._held),
                again=suspects.room,
                alone=alone,
                alone_from=suspects.cell.alone_from,
            )
            taken = self._leases.take(wanted)
        finally:
            suspects.took([one.starts for one in taken], may_be_alone=alone)
        self._held.update((one.lease, one.starts) for one in taken)
        self._batch.extend(taken)
        return wanted, taken

    def _decoded(self, taken: Taken) -> dramatiq.Message[Any] | None:
        """What was taken, as it is delivered; None where it is garbage, which is buried."""
        try:
            message = decode(self._queue, taken.body)
        except DecodeError as error:
            text = why_garbage(error)
            _log.error("%s, in the queue %s: it goes to the dead letters.", text, self._queue)
            self._writer.run(partial(bury, lease=taken.lease, error=text))
            self._let_go([taken.lease])
            return None
        _, message.options["starts"], _ = taken.lease
        return message

    def _let_go(self, leases: Iterable[Lease]) -> None:
        again = False
        for lease in leases:
            self._leases.forget(lease)
            again |= self._suspects.gone(self._held.pop(lease, 0))
        if again or len(self._held) <= self._prefetch // 2:
            self._wake.set()
