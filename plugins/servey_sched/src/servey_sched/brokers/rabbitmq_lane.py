"""One channel that delivers messages of one queue, and acknowledges them in few words."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Self

from servey_sched.brokers.rabbitmq_channel import Arrival, Channel
from servey_sched.brokers.rabbitmq_failures import Lost
from servey_sched.brokers.rabbitmq_layout import Letter, Place
from servey_sched.brokers.rabbitmq_link import Link


@dataclass(eq=False, slots=True)
class Held:
    """A message that is not acknowledged.

    Attributes:
        lane: How it came.
        tag: Which delivery of the lane it is.
        redelivered: Whether it was delivered before.
        letter: The message.
        settled: Whether it is decided what becomes of it.
    """

    lane: "Lane"
    tag: int
    redelivered: bool
    letter: Letter
    settled: bool = False


class Lane:
    """Delivers the messages of a queue; it lives in the I/O thread.

    Args:
        channel: Its channel.
        place: The queue.
        receive: Is called with each message.
    """

    def __init__(self, channel: Channel, place: Place, receive: Callable[[Held], None]) -> None:
        self.place = place
        self.channel = channel
        self._receive = receive
        self._open: OrderedDict[int, Held] = OrderedDict()
        self._acknowledged: set[int] = set()
        self._empty = asyncio.Event()
        self._consumer = ""
        self._asking: asyncio.Task[int] | None = None

    @classmethod
    async def begin(
        cls, link: Link, place: Place, receive: Callable[[Held], None], *, prefetch: int
    ) -> Self:
        """Open a channel on a link, and have messages delivered.

        Raises:
            Lost: It does not come about.
        """
        channel = await link.channel()
        lane = cls(channel, place, receive)
        try:
            await channel.declare(place)
            lane._consumer = await channel.consume(place, lane._arrive, prefetch=prefetch)
        except BaseException:
            channel.close()
            raise
        return lane

    @property
    def held(self) -> int:
        """How many messages it has that are not acknowledged."""
        return len(self._open) - len(self._acknowledged) if self.channel.is_open else 0

    def undecided(self) -> list[Held]:
        """What it has that nobody has decided about."""
        return [one for one in self._open.values() if not one.settled]

    def ack(self, tags: Iterable[int]) -> None:
        """Acknowledge deliveries; on a channel that is gone, this does nothing."""
        rest, last = set(tags), 0
        while self._open:
            tag = next(iter(self._open))
            if tag in rest:
                rest.discard(tag)
                last = tag
            elif tag in self._acknowledged:
                self._acknowledged.discard(tag)
            else:
                break
            del self._open[tag]
        with suppress(Lost):
            if last:
                self.channel.ack(last, multiple=True)
            for tag in rest:
                self.channel.ack(tag)
        self._acknowledged |= rest
        if len(self._open) == len(self._acknowledged):
            self._empty.set()

    async def emptied(self) -> None:
        """Wait until it has none that is not acknowledged, or until its channel is gone."""
        empty = asyncio.create_task(self._empty.wait())
        ends: list[asyncio.Future[Any]] = [empty, self.channel.gone]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            empty.cancel()

    async def heard(self) -> None:
        """Wait until RabbitMQ has heard of all acknowledgements so far."""
        asked = self._asking
        with suppress(Lost):
            if asked and not asked.done():
                await asyncio.shield(asked)  # it may have been asked before the last of them
            if self._asking is asked:
                self._asking = asyncio.create_task(self.channel.declare(self.place))
            if self._asking:
                await asyncio.shield(self._asking)

    async def stop(self) -> None:
        """Have no more messages delivered."""
        with suppress(Lost):
            await self.channel.cancel(self._consumer)

    def _arrive(self, arrival: Arrival) -> None:
        one = Held(self, arrival.tag, arrival.redelivered, arrival.letter)
        self._open[arrival.tag] = one
        self._empty.clear()
        self._receive(one)
