"""Delivers the jobs of one queue to one worker."""

import logging
import threading
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any

import dramatiq
from dramatiq.errors import DecodeError

from servey_sched.brokers.messages import decode, error_of
from servey_sched.brokers.sqlite_jobs import Lease, Taken, bury, remove
from servey_sched.brokers.sqlite_leases import Leases
from servey_sched.brokers.sqlite_watch import Waiter, Watch
from servey_sched.brokers.sqlite_writer import Writer

_log = logging.getLogger("servey.jobs")


class Delivery(dramatiq.MessageProxy):
    """A delivered message.

    Attributes:
        lease: Which delivery it is.
    """

    def __init__(self, message: dramatiq.Message[Any], lease: Lease) -> None:
        super().__init__(message)
        self.lease = lease


class SqliteConsumer(dramatiq.Consumer):
    """Takes jobs in batches, and waits where there are none.

    Args:
        queue: The queue.
        prefetch: How many jobs the worker has at most, those that run included.
        timeout: For how many milliseconds it waits at most.
        writer: Writes to the file.
        leases: What this process holds.
        watch: Wakes it.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it works with
        self,
        queue: str,
        prefetch: int,
        timeout: int,
        writer: Writer,
        leases: Leases,
        watch: Watch,
    ) -> None:
        self._queue = queue
        self._prefetch = prefetch
        self._seconds = timeout / 1000
        self._writer = writer
        self._leases = leases
        self._watch = watch
        self._batch: deque[Taken] = deque()
        self._held: dict[Lease, bool] = {}  # and whether it was delivered before
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
        lease = _lease_of(message)
        if not self._writer.run(partial(remove, lease=lease)):
            _log.debug("%s was enqueued anew, or its lease ended, before it was done.", message)
        self._let_go(lease)

    def nack(self, message: dramatiq.MessageProxy) -> None:
        """Make a dead letter of a job."""
        lease = _lease_of(message)
        if not self._writer.run(partial(bury, lease=lease, error=error_of(message))):
            _log.debug("%s was enqueued anew, or its lease ended, before it failed.", message)
        self._let_go(lease)

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Give back jobs that were not started."""
        leases = [_lease_of(message) for message in messages]
        self._leases.give_back(leases)
        for lease in leases:
            self._let_go(lease)

    def close(self) -> None:
        """Give back what was not delivered."""
        leases = [taken.lease for taken in self._batch]
        self._batch.clear()
        self._leases.give_back(leases)

    def _fetch_or_wait(self) -> None:
        self._wake.clear()  # before anything is looked at, so that nothing is missed
        again = not any(self._held.copy().values())
        if len(self._held) > self._prefetch // 2:
            self._wake.wait(self._seconds)
            return
        taken = self._leases.take(self._queue, self._prefetch - len(self._held), again=again)
        self._batch.extend(taken)
        self._held.update((one.lease, one.again) for one in taken)
        if not taken:
            with self._watch.waiting(Waiter(self._queue, again, self._wake)):
                self._wake.wait(self._seconds)

    def _decoded(self, taken: Taken) -> dramatiq.Message[Any] | None:
        """What was taken, as it is delivered; None where it is garbage, which is buried."""
        try:
            message = decode(self._queue, taken.body)
        except DecodeError as error:
            cause = f" ({error.error})" if error.error else ""
            text = f"This is not a message that can be run: {error}{cause}"
            _log.error("%s, in the queue %s: it goes to the dead letters.", text, self._queue)
            self._writer.run(partial(bury, lease=taken.lease, error=text))
            self._let_go(taken.lease)
            return None
        _, message.options["starts"], _ = taken.lease
        return message

    def _let_go(self, lease: Lease) -> None:
        self._leases.forget(lease)
        again = self._held.pop(lease, False)
        if again or len(self._held) <= self._prefetch // 2:
            self._wake.set()


def _lease_of(message: dramatiq.MessageProxy) -> Lease:
    if not isinstance(message, Delivery):
        raise TypeError(f"{message!r} was not delivered by this broker.")
    return message.lease
