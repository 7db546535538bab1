"""A RabbitMQ as threads use it."""

import asyncio
import concurrent.futures
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from dramatiq.errors import BrokerConnectionError, ConnectionClosed

from servey_core.settings import SecretUrl
from servey_sched.brokers.rabbitmq_batches import Outgoing, Waiting
from servey_sched.brokers.rabbitmq_connection import parameters_of
from servey_sched.brokers.rabbitmq_dead import DeadLetters
from servey_sched.brokers.rabbitmq_failures import Lost, Refused
from servey_sched.brokers.rabbitmq_lane import Held
from servey_sched.brokers.rabbitmq_layout import Layout
from servey_sched.brokers.rabbitmq_link import Link
from servey_sched.brokers.rabbitmq_publisher import PAUSE, Publisher
from servey_sched.brokers.rabbitmq_solitary import Cell
from servey_sched.brokers.rabbitmq_subscription import Subscription, Wanted
from servey_sched.brokers.rabbitmq_thread import IoThread

T = TypeVar("T")

_unusable: Callable[[str], BrokerConnectionError] = ConnectionClosed


class RabbitmqServer:
    """Runs operations in the I/O thread, over two connections: one to publish, one to consume.

    They are two as RabbitMQ stops reading from what publishes when it is short of memory. Any
    number of threads may ask at the same time. After a fork, parent and child have threads and
    connections of their own.

    Args:
        url: Where it is: `amqp://`, `amqps://` for TLS.
        prefix: What the name of every queue begins with.
        heartbeat: After how many seconds without a word a connection may be thought dead.
        patience: How long an answer is waited for, in seconds.

    Raises:
        SettingsError: The URL does not do.
    """

    def __init__(self, url: str, *, prefix: str, heartbeat: int, patience: float) -> None:
        self.layout = Layout(prefix)
        self.patience = patience
        self._url = SecretUrl(url)
        self._parameters = parameters_of(url, heartbeat=heartbeat, patience=patience)
        self._parts: dict[int, Parts] = {}  # those of a parent are left as they are

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Send messages; they are confirmed when this returns.

        Raises:
            ConnectionClosed: RabbitMQ cannot be reached, does not answer in time, or refuses. Some
                of the messages may be there all the same.
        """
        if not messages:
            return
        parts, waiting = self._mine(), Waiting(len(messages))
        parts.io.post(parts.publisher.send, messages, waiting.batch)
        if not waiting.wait(self.patience):
            raise _unusable(f"{self._url} {parts.publisher.trouble or 'does not answer'}")
        if waiting.batch.error:
            raise _unusable(f"{self._url} refuses: {waiting.batch.error}")

    def ask(self, operation: "Callable[[Parts], Awaitable[T]]", *, longer: float = 0.0) -> T:
        """The result of an operation in the I/O thread, tried until it succeeds or time is up.

        Args:
            operation: The operation.
            longer: How much longer than others it may take, in seconds.

        Raises:
            ConnectionClosed: RabbitMQ cannot be reached, does not answer in time, or refuses.
        """
        parts, seconds = self._mine(), self.patience + longer
        future = parts.io.start(self._tried(operation, parts, seconds))
        try:
            return future.result(seconds + 5)
        except (TimeoutError, concurrent.futures.TimeoutError) as error:
            future.cancel()
            raise _unusable(f"{self._url} does not answer") from error
        except Refused as error:
            raise _unusable(f"{self._url} refuses: {error}") from error
        except Lost as error:
            raise _unusable(f"{self._url} cannot be reached: {error}") from error

    def subscribe(self, wanted: Wanted, deliver: Callable[[Held], None]) -> Subscription:
        """Have jobs delivered; where RabbitMQ cannot be reached just now, later."""
        parts = self._mine()
        subscription = Subscription(
            parts.consuming, parts.publisher, self.layout, parts.cell, wanted, deliver
        )
        parts.subscriptions.add(subscription)
        parts.io.start(subscription.begin())
        subscription.begun.wait(self.patience)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a subscription that is closed."""
        if parts := self._parts.get(os.getpid()):
            parts.subscriptions.discard(subscription)

    def post(self, callback: Callable[..., None], *arguments: object) -> None:
        """Have something called in the I/O thread, if that has not ended."""
        if parts := self._parts.get(os.getpid()):
            parts.io.post(callback, *arguments)

    def close(self) -> None:
        """Close the connections, and end the thread."""
        parts = self._parts.pop(os.getpid(), None)
        if parts:
            parts.close(self.patience)

    async def _tried(
        self, operation: "Callable[[Parts], Awaitable[T]]", parts: "Parts", seconds: float
    ) -> T:
        lost: Lost | None = None
        try:
            async with asyncio.timeout(seconds):
                while True:
                    try:
                        return await operation(parts)
                    except Refused:
                        raise
                    except Lost as error:
                        lost = error
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            if lost:
                raise lost from None
            raise

    def _mine(self) -> "Parts":
        """What this process has."""
        process = os.getpid()
        parts = self._parts.get(process)
        if parts is None:
            new = Parts(self._parameters, self.layout)
            parts = self._parts.setdefault(process, new)
            if parts is not new:
                new.io.close()
        return parts


class Parts:
    """The thread of one process, and what lives in it."""

    def __init__(self, parameters: Any, layout: Layout) -> None:
        self.io = IoThread()
        self.publishing = Link(parameters)
        self.consuming = Link(parameters)
        self.publisher = Publisher(self.publishing)
        self.dead = DeadLetters(self.consuming, self.publisher, layout)
        self.cell = Cell()
        self.subscriptions: set[Subscription] = set()

    def close(self, patience: float) -> None:
        """Close everything."""

        async def close() -> None:
            async with asyncio.timeout(patience):
                await self.consuming.close()
                await self.publishing.close()

        future = self.io.start(close())
        concurrent.futures.wait([future], patience + 1)
        self.io.close()
