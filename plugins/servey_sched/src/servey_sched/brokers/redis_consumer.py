"""Delivers the jobs of one queue to one worker."""

import logging
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import suppress

import dramatiq
from dramatiq.errors import BrokerConnectionError, DecodeError

from servey_sched.brokers.base import JobConsumer
from servey_sched.brokers.deliveries import Delivered
from servey_sched.brokers.messages import decode, error_of, why_garbage
from servey_sched.brokers.redis_leases import Answer, Lease, RedisLeases, Taken
from servey_sched.brokers.redis_server import RedisServer
from servey_sched.brokers.suspects import Cell, Suspects

GATHER = 0.001
"""How long a consumer with little room waits for more of it, in seconds."""

LARGEST_BATCH = 1000
"""How many jobs are fetched at once at most: Lua has a stack for some thousands."""

_log = logging.getLogger("servey.jobs")


class Delivery(Delivered[Lease]):
    """A message that a broker on Redis has delivered."""


class RedisConsumer(JobConsumer):
    """Takes jobs in batches, and waits where there are none. It does not survive a fork.

    Args:
        server: The Redis.
        queue: The queue's name.
        prefetch: How many jobs the worker has at most, those that run included.
        timeout: For how many milliseconds it waits at most.
        lease: For how many milliseconds others leave its jobs alone after a heartbeat.
        cell: Where this process has the job that starts alone.
    """

    def __init__(  # noqa: PLR0913 - what it works with
        self,
        server: RedisServer,
        queue: str,
        *,
        prefetch: int,
        timeout: int,
        lease: int,
        cell: Cell,
    ) -> None:
        self._server = server
        self._queue = queue
        self._prefetch = prefetch
        self._enough = max(1, prefetch // 4)
        self._patience = min(timeout / 1000, server.patience / 2)
        self._batch: deque[Taken] = deque()
        self._open: dict[Lease, int] = {}  # and how often it has been delivered
        self._suspects = Suspects(prefetch, cell, self._flush_if_it_can_be)
        self._changed = threading.Condition()
        self._leases = RedisLeases(server, queue, lease)

    def __next__(self) -> Delivery | None:
        """The next job; None where none came in time, or where Redis cannot be used just now."""
        if not self._batch:
            self._fetch_or_wait()
        while self._batch:
            taken = self._batch.popleft()
            try:
                message = decode(self._queue, taken.body)
            except DecodeError as error:
                self._bury_bytes(taken.lease, error)
                continue
            message.options["starts"] = taken.starts
            return Delivery(message, taken.lease)
        return None

    def ack(self, message: dramatiq.MessageProxy) -> None:
        """Forget a job that is done."""
        self.ack_many([message])

    def ack_many(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Forget jobs that are done."""
        self._settle([Answer(Delivery.lease_of(message), "done") for message in messages])

    def nack(self, message: dramatiq.MessageProxy) -> None:
        """Make a dead letter of a job."""
        try:
            body = message.encode()
        except (TypeError, ValueError):  # for an option that a middleware put there
            body = b""
        lease, error = Delivery.lease_of(message), _utf8(error_of(message))
        self._settle([Answer(lease, "dead", error, body)])
        self._flush_if_it_can_be()

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Give back jobs that were not started."""
        self._settle([Answer(Delivery.lease_of(message), "back") for message in messages])

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._leases.closed

    def flush(self) -> None:
        """Let Redis hear now what became of jobs; else it hears a little later.

        Raises:
            ConnectionClosed: It cannot be used just now; it hears later.
        """
        self._leases.send()

    def close(self) -> None:
        """Give back what it holds, also what it has delivered, as if it had not."""
        self._batch.clear()
        self._leases.close()
        with self._changed:
            for starts in self._open.values():
                self._suspects.gone(starts)
            self._open.clear()

    def _flush_if_it_can_be(self) -> None:
        with suppress(BrokerConnectionError):  # then a little later
            self.flush()

    def _fetch_or_wait(self) -> None:
        room = self._room()
        if not room:
            return
        try:
            wait, taken = self._fetch(room)
            if not taken and wait != 0:
                seconds = self._patience if wait < 0 else min(self._patience, wait / 1000)
                bell = f"{self._server.prefix}bell:{self._queue}"
                self._server.command("BLPOP", bell, f"{seconds:.3f}")
        except BrokerConnectionError as error:
            _log.warning("The queue %s is left alone for a moment: %s", self._queue, error)
            self._leases.pause()

    def _fetch(self, room: int) -> tuple[int, list[Taken]]:
        """Take jobs; see `RedisLeases.fetch`."""
        suspects, taken = self._suspects, list[Taken]()
        alone = suspects.begin()
        try:
            wait, taken = self._leases.fetch(
                room, again=suspects.room, alone=alone, alone_from=suspects.cell.alone_from
            )
        finally:
            suspects.took([one.starts for one in taken], may_be_alone=alone)
        with self._changed:
            self._open.update((one.lease, one.starts) for one in taken)
        self._batch.extend(taken)
        return wait, taken

    def _room(self) -> int:
        """How many jobs may be fetched; it waits for some room, and a moment for more."""
        with self._changed:
            if len(self._open) >= self._prefetch:
                self._changed.wait(self._patience)
            if 0 < self._prefetch - len(self._open) < self._enough:
                self._changed.wait(GATHER)
            return min(self._prefetch - len(self._open), LARGEST_BATCH)

    def _settle(self, answers: list[Answer]) -> None:
        with self._changed:
            for answer in answers:
                if starts := self._open.pop(answer.lease, 0):
                    self._suspects.gone(starts)
                    room = self._prefetch - len(self._open)
                    if room in {1, self._enough}:
                        self._changed.notify()
        self._leases.settle(answers)

    def _bury_bytes(self, lease: Lease, error: DecodeError) -> None:
        """Make a dead letter of what is not a message."""
        text = why_garbage(error)
        _log.error("%s, in the queue %s: it goes to the dead letters.", text, self._queue)
        self._settle([Answer(lease, "dead", _utf8(text))])


def _utf8(text: str) -> bytes:
    """A text that may have half characters in it."""
    return text.encode("utf-8", "backslashreplace")
