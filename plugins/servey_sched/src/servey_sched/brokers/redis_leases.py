"""What a consumer holds in Redis, for how long others leave it alone, and what became of it."""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import Literal, NamedTuple
from uuid import uuid4

from dramatiq.errors import BrokerConnectionError

from servey_sched.brokers import redis_scripts as scripts
from servey_sched.brokers.redis_server import RedisServer

LINGER = 0.004
"""How long an answer about a job waits for others to go with, in seconds."""

PAUSE = 0.2
"""How long to wait before a Redis that failed is asked again, in seconds."""

_log = logging.getLogger("servey.jobs")


class Lease(NamedTuple):
    """One delivery of one job.

    Attributes:
        job: The id that Redis has the job under.
        number: Of all deliveries, which.
    """

    job: bytes
    number: int


class Taken(NamedTuple):
    """A job as it comes from Redis.

    Attributes:
        lease: Which delivery it is.
        starts: How often it has been delivered, this time included.
        body: The message's bytes.
    """

    lease: Lease
    starts: int
    body: bytes


class Answer(NamedTuple):
    """What became of a job.

    Attributes:
        lease: Which delivery of it.
        outcome: It is done, it goes to the dead letters, or back as it was not started.
        error: Why it is dead, in UTF-8.
        body: The message as it is now; empty: as it was.
    """

    lease: Lease
    outcome: Literal["done", "dead", "back"]
    error: bytes = b""
    body: bytes = b""


class RedisLeases:
    """The leases of one consumer.

    Answers go to Redis in batches, a little later: with the next fetch, else from a thread of its
    own, which heartbeats too. Where the process dies with an answer, the job runs once more; where
    heartbeats stay away for the time of the lease, other consumers get the jobs.

    Args:
        server: The Redis.
        queue: The queue's name.
        duration: For how long others leave the jobs alone after a heartbeat, in milliseconds.
    """

    def __init__(self, server: RedisServer, queue: str, duration: int) -> None:
        self._server = server
        self._me = (queue, uuid4().hex)
        self._duration = duration
        self._held: dict[int, bytes] = {}
        self._answers: deque[Answer] = deque()
        self._asking = threading.Lock()  # one script at a time, so that `_held` is what Redis knows
        self._unsent = threading.Event()
        self._closed = threading.Event()
        self._in_doubt = False
        self._next_heartbeat = 0.0
        self._keeper = threading.Thread(target=self._keep, name=f"leases of {queue}", daemon=True)
        self._keeper.start()

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed.is_set()

    def fetch(
        self, count: int, *, again: int, alone: bool, alone_from: int
    ) -> tuple[int, list[Taken]]:
        """Take jobs.

        Args:
            count: How many at most.
            again: How many of them may be such as were delivered before.
            alone: Whether one of them may be one that starts alone.
            alone_from: How often that has been delivered at least.

        Returns:
            After how many milliseconds there may be others, -1 where it is not known; the jobs.

        Raises:
            ConnectionClosed: Redis cannot be used just now.
        """
        if self._in_doubt:
            self._heartbeat()
        with self._asking:
            answers = self._take_answers()
            try:
                wait, *found = self._server.run(
                    scripts.FETCH,
                    *(*self._me, self._duration, count),
                    *(again, alone_from, int(alone), *_words(answers)),
                    again=False,  # or the first answer's jobs would be forgotten here
                )
            except BaseException:
                self._in_doubt = True
                self._answers.extendleft(reversed(answers))
                raise
            self._forget(answers)
            taken = [Taken(Lease(job, number), starts, body) for job, number, starts, body in found]
            self._held.update((lease.number, lease.job) for lease, _, _ in taken)
        return wait, taken

    def settle(self, answers: Sequence[Answer]) -> None:
        """Say what became of jobs; Redis hears of it soon."""
        self._answers.extend(answers)
        if not self._unsent.is_set():
            self._unsent.set()

    def send(self) -> None:
        """Let Redis hear now.

        Raises:
            ConnectionClosed: It cannot be used just now; it hears later.
        """
        with self._asking:
            answers = self._take_answers()
            if not answers:
                return
            try:
                self._server.run(scripts.SETTLE, *_words(answers))
            except BaseException:
                self._answers.extendleft(reversed(answers))
                raise
            self._forget(answers)

    def pause(self) -> None:
        """Wait a little, after a failure."""
        self._closed.wait(PAUSE)

    def close(self) -> None:
        """Say what is to say, and give back everything that is held."""
        self._closed.set()
        self._unsent.set()
        self._keeper.join()
        try:
            with self._asking:
                self._server.run(scripts.LEAVE, *self._me, *_words(self._take_answers()))
        except BrokerConnectionError as error:
            _log.warning("The jobs that this worker holds wait for their lease to end: %s", error)

    def _keep(self) -> None:
        """Send heartbeats, and the answers that no fetch has taken along."""
        while not self._closed.is_set():
            self._unsent.wait(max(0, self._next_heartbeat - time.monotonic()))
            self._closed.wait(LINGER)
            self._unsent.clear()
            try:
                self.send()
                if time.monotonic() >= self._next_heartbeat:
                    self._heartbeat()
            except BrokerConnectionError as error:
                _log.warning("What became of some jobs waits for Redis: %s", error)
                self.pause()
                self._unsent.set()

    def _heartbeat(self) -> None:
        """Extend the lease, and give back what Redis thinks is here and is not."""
        with self._asking:
            known = [word for number, job in self._held.items() for word in (job, number)]
            self._server.run(scripts.HEARTBEAT, *self._me, self._duration, *known)
            self._in_doubt = False
        self._next_heartbeat = time.monotonic() + self._duration / 3000

    def _take_answers(self) -> list[Answer]:
        return [self._answers.popleft() for _ in range(len(self._answers))]

    def _forget(self, answers: list[Answer]) -> None:
        for answer in answers:
            self._held.pop(answer.lease.number, None)


def _words(answers: list[Answer]) -> list[str | bytes | int]:
    """The answers as the scripts take them."""
    return [
        word
        for lease, outcome, error, body in answers
        for word in (outcome, lease.job, lease.number, error, body)
    ]
