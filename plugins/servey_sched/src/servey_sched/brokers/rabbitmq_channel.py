"""A channel of RabbitMQ, by pika, that is awaited in an event loop."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Self

import pika  # type: ignore[import-untyped]
from pika.exceptions import AMQPError  # type: ignore[import-untyped]

from servey_sched.brokers.rabbitmq_failures import Lost, as_lost
from servey_sched.brokers.rabbitmq_layout import Letter, Place

LONGEST_RUN = 2**31 - 1
"""How long RabbitMQ lets a job run, in milliseconds; one older than 3.11.15 does not ask us."""


class Arrival(NamedTuple):
    """A message as it is delivered.

    Attributes:
        tag: Which delivery of the channel it is.
        redelivered: Whether it was delivered before.
        letter: The message.
    """

    tag: int
    redelivered: bool
    letter: Letter


class Channel:
    """A channel.

    Attributes:
        opened: Done once it is open.
        gone: Done once it is not, any more; the result says why.
    """

    def __init__(self, connection: Any) -> None:
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.gone: asyncio.Future[Lost] = loop.create_future()
        self._waiting: set[asyncio.Future[Any]] = {self.opened}
        self._raw = connection.channel(on_open_callback=lambda _: tell(self.opened, None))
        self._raw.add_on_close_callback(lambda _, error: self._end(as_lost(error)))
        self._raw.add_on_cancel_callback(lambda _: self._cancelled())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @property
    def is_open(self) -> bool:
        """Whether it can be used."""
        return bool(self._raw.is_open)

    async def declare(self, place: Place, *, exclusive: bool = False) -> int:
        """Make sure that a queue is there; how many messages wait in it.

        Args:
            place: The queue.
            exclusive: Whether it is this connection's alone, and vanishes with it.

        Raises:
            Refused: There is one with other arguments, or of another connection.
            Lost: The channel is gone.
        """
        answer = await self._ask(
            self._raw.queue_declare,
            queue=place.name,
            durable=not exclusive,
            exclusive=exclusive,
            arguments=dict(place.arguments),
        )
        return int(answer.method.message_count)

    async def delete(self, place: Place) -> None:
        """Delete a queue.

        Raises:
            Lost: The channel is gone.
        """
        await self._ask(self._raw.queue_delete, queue=place.name)

    async def purge(self, place: Place) -> None:
        """Drop the messages that wait in a queue.

        Raises:
            Lost: The channel is gone.
        """
        await self._ask(self._raw.queue_purge, queue=place.name)

    async def consume(
        self, place: Place, receive: Callable[[Arrival], None], *, prefetch: int
    ) -> str:
        """Have messages delivered.

        Args:
            place: Of which queue.
            receive: Is called with each.
            prefetch: How many unacknowledged ones there are at most; 0 for any number.

        Returns:
            The name of the consumer.

        Raises:
            Lost: The channel is gone.
        """

        def received(_: Any, method: Any, properties: Any, body: bytes) -> None:
            receive(Arrival(method.delivery_tag, method.redelivered, _letter(properties, body)))

        await self._ask(self._raw.basic_qos, prefetch_count=prefetch)
        answer = await self._ask(
            self._raw.basic_consume,
            queue=place.name,
            on_message_callback=received,
            arguments={"x-consumer-timeout": LONGEST_RUN},
        )
        return str(answer.method.consumer_tag)

    async def cancel(self, consumer: str) -> None:
        """Have no more messages delivered.

        Raises:
            Lost: The channel is gone.
        """
        await self._ask(self._raw.basic_cancel, consumer_tag=consumer)

    async def confirm(
        self,
        confirmed: Callable[[int, bool, bool], None],
        returned: Callable[[str, bytes], None],
    ) -> None:
        """Have publishing confirmed.

        Args:
            confirmed: Is called with a number, whether the smaller ones are meant as well, and
                whether all is well.
            returned: Is called with the queue's name and the body of a message whose queue is not
                there, before that is confirmed.

        Raises:
            Lost: The channel is gone.
        """

        def told(frame: Any) -> None:
            method = frame.method
            confirmed(method.delivery_tag, method.multiple, method.NAME == "Basic.Ack")

        self._raw.add_on_return_callback(
            lambda _, method, __, body: returned(method.routing_key, body)
        )
        await self._ask(self._raw.confirm_delivery, ack_nack_callback=told)

    def publish(self, place: Place, letter: Letter) -> None:
        """Send a message to a queue.

        Raises:
            Lost: The channel is gone.
        """
        properties = pika.BasicProperties(
            delivery_mode=pika.DeliveryMode.Persistent.value,
            priority=letter.level,
            headers=dict(letter.headers) or None,
            message_id=letter.id,
        )
        self._do(self._raw.basic_publish, "", place.name, letter.body, properties, mandatory=True)

    def ack(self, tag: int, *, multiple: bool = False) -> None:
        """Acknowledge a delivery, or all up to it.

        Raises:
            Lost: The channel is gone.
        """
        self._do(self._raw.basic_ack, tag, multiple)

    async def settle(self) -> None:
        """Close it, and wait until what is not acknowledged is back in its queue.

        Raises:
            Lost: The connection is gone.
        """
        self.close()
        await self.gone

    def close(self) -> None:
        """Close it: what is not acknowledged will be delivered again."""
        if self._raw.is_open:
            self._raw.close()

    async def _ask(self, method: Callable[..., Any], **arguments: Any) -> Any:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        try:
            self._do(method, callback=lambda frame: tell(answer, frame), **arguments)
            return await answer
        finally:
            self._waiting.discard(answer)

    def _do(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        try:
            method(*arguments, **named)
        except AMQPError as error:
            raise as_lost(error) from error

    def _cancelled(self) -> None:
        """RabbitMQ delivers no more, as the queue is gone: so shall the channel be."""
        self.close()

    def _end(self, reason: Lost) -> None:
        tell(self.gone, reason, always=True)
        for future in self._waiting:
            tell(future, reason)


def tell(future: "asyncio.Future[Any]", outcome: Any, *, always: bool = False) -> None:
    """Let a future be done, unless it is."""
    if future.done():
        return
    if isinstance(outcome, Lost) and not always:
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _letter(properties: Any, body: bytes) -> Letter:
    headers: Mapping[str, Any] = properties.headers or {}
    return Letter(body, headers, properties.priority, properties.message_id)
