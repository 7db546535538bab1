"""Delivers the jobs of one queue to one worker."""

import asyncio
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from queue import Empty, SimpleQueue

import dramatiq
from dramatiq.errors import BrokerConnectionError, DecodeError

from servey_sched.brokers.base import JobConsumer
from servey_sched.brokers.deliveries import Delivered
from servey_sched.brokers.messages import decode, error_of, why_garbage
from servey_sched.brokers.rabbitmq_dead import dead_letter
from servey_sched.brokers.rabbitmq_lane import Held
from servey_sched.brokers.rabbitmq_layout import STARTS
from servey_sched.brokers.rabbitmq_server import RabbitmqServer
from servey_sched.brokers.rabbitmq_subscription import Wanted

MOST = 65_535
"""How many messages RabbitMQ lets a consumer hold, where there is a limit."""

_log = logging.getLogger("servey.jobs")


class Delivery(Delivered[Held]):
    """A message that a broker on RabbitMQ has delivered."""


class RabbitmqConsumer(JobConsumer):
    """Takes jobs as RabbitMQ sends them. It survives outages, and no fork.

    Args:
        server: The RabbitMQ.
        queue: The queue's name.
        prefetch: How many jobs the worker has at most, those that run included; beside them, half
            as many of those whose consumer died.
        timeout: For how many milliseconds it waits at most.
        alone_from: How often a job has been started, at least, that starts alone.
    """

    def __init__(
        self, server: RabbitmqServer, queue: str, *, prefetch: int, timeout: int, alone_from: int
    ) -> None:
        self._server = server
        self._queue = queue
        self._seconds = timeout / 1000
        self._come: SimpleQueue[Held | None] = SimpleQueue()
        self._done: deque[Held] = deque()
        self._closing = threading.Lock()
        self._closed = False
        self._process = os.getpid()
        wanted = Wanted(queue, min(max(prefetch, 1), MOST), alone_from)
        self._subscription = server.subscribe(wanted, self._come.put_nowait)

    def __next__(self) -> Delivery | None:
        """The next job; None where none came in time, or where RabbitMQ cannot be used just now."""
        deadline = time.monotonic() + self._seconds
        while True:
            try:
                one = self._come.get(timeout=max(0, deadline - time.monotonic()))
            except Empty:
                return None
            if one is None:
                return None
            if one.settled or not one.lane.channel.is_open:
                continue
            try:
                message = decode(self._queue, one.letter.body)
            except DecodeError as error:
                self._bury_bytes(one, error)
                continue
            message.options["starts"] = one.letter.number(STARTS) + 1
            return Delivery(message, one)

    def ack(self, message: dramatiq.MessageProxy) -> None:
        """Forget a job that is done."""
        self._ack([Delivery.lease_of(message)])

    def ack_many(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Forget jobs that are done, in as few words as can be."""
        self._ack([Delivery.lease_of(message) for message in messages])

    def nack(self, message: dramatiq.MessageProxy) -> None:
        """Make a dead letter of a job."""
        one = Delivery.lease_of(message)
        try:
            body = message.encode()
        except (TypeError, ValueError):  # for an option that a middleware put there
            body = one.letter.body
        self._bury(one, body, error_of(message))

    def requeue(self, messages: Iterable[dramatiq.MessageProxy]) -> None:
        """Give back jobs that were not started: they go to the end of those of their priority."""
        back = [Delivery.lease_of(message) for message in messages]
        self._wait(lambda: self._subscription.give_back(back))

    def close(self) -> None:
        """Give back what was not delivered, and what was and is not done."""
        with self._closing:
            if self._closed or self._process != os.getpid():
                return
            self._closed = True
            self._come.put(None)
            try:
                self._server.ask(lambda _: self._subscription.close())
            except BrokerConnectionError as error:
                _log.warning("RabbitMQ gives the jobs of %s to others: %s", self._queue, error)
            self._server.unsubscribe(self._subscription)

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    def _ack(self, done: list[Held]) -> None:
        self._done.extend(done)
        self._server.post(self._flush)

    def _flush(self) -> None:
        """Acknowledge what is done by now."""
        done = [self._done.popleft() for _ in range(len(self._done))]
        if done:
            self._subscription.ack(done)

    def _bury_bytes(self, one: Held, error: DecodeError) -> None:
        """Make a dead letter of what is not a message."""
        text = why_garbage(error)
        _log.error("%s, in the queue %s: it goes to the dead letters.", text, self._queue)
        self._bury(one, one.letter.body, text)

    def _bury(self, one: Held, body: bytes, error: str) -> None:
        letter = dead_letter(replace(one.letter, body=body), error)
        place = self._server.layout.dead(self._queue)
        self._wait(lambda: [self._subscription.pass_on(one, place, letter)])

    def _wait(self, begin: "Callable[[], list[asyncio.Task[None]]]") -> None:
        """Begin something, and wait until it is done; where that takes too long, it goes on."""

        async def work() -> None:
            if tasks := begin():
                await asyncio.wait(tasks)

        try:
            self._server.ask(lambda _: work())
        except BrokerConnectionError as error:
            _log.warning("What becomes of jobs of %s is told later: %s", self._queue, error)
