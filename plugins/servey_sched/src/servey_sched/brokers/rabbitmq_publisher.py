"""Sends messages, with many unconfirmed at a time, until RabbitMQ has confirmed them."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from servey_sched.brokers.rabbitmq_batches import Batch, Outgoing, Sending
from servey_sched.brokers.rabbitmq_failures import Lost, Refused
from servey_sched.brokers.rabbitmq_layout import Place
from servey_sched.brokers.rabbitmq_link import Link

if TYPE_CHECKING:
    from servey_sched.brokers.rabbitmq_channel import Channel

WINDOW = 1000
"""How many messages are unconfirmed at most."""

PAUSE = 0.05
"""How long to wait between two attempts to connect, in seconds."""

MAY_NOT = 403
"""What RabbitMQ says to a user who may not declare queues (AMQP 0-9-1, `access-refused`)."""


class Publisher:
    """Sends what any thread gives it; it lives in the I/O thread.

    What was not confirmed when the connection was lost is sent again over the next. A queue is made
    before anything is sent to it, and once more where it has been deleted since.

    Args:
        link: The connection.
    """

    def __init__(self, link: Link) -> None:
        self._link = link
        self._lost = ""
        self._blocked = ""
        self._channel: Channel | None = None
        self._pending: deque[Sending] = deque()
        self._unconfirmed: OrderedDict[int, Sending] = OrderedDict()
        self._there: set[str] = set()
        self._tag = 0
        self._connecting: asyncio.Task[None] | None = None
        self._making: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str:
        """Why nothing is confirmed just now; empty where that is not known."""
        if self._lost:
            return f"cannot be reached: {self._lost}"
        return f"takes no messages now: {self._blocked}" if self._blocked else ""

    def send(self, messages: Sequence[Outgoing], batch: Batch) -> None:
        """Send messages; the batch hears of it."""
        self._pending.extend(Sending(message, batch) for message in messages)
        self._pump()

    async def publish(
        self, messages: Sequence[Outgoing], wanted: Callable[[], bool] = lambda: True
    ) -> None:
        """Send messages, and wait until they are confirmed, or not wanted any more.

        Raises:
            Lost: RabbitMQ does not take them.
        """
        if not messages:
            return
        done = asyncio.Event()
        batch = Batch(len(messages), done.set, wanted)
        self.send(messages, batch)
        await done.wait()
        if batch.error:
            raise batch.error

    def _pump(self) -> None:
        """Send what there is room for."""
        channel = self._channel
        if channel is None or not channel.is_open:
            if self._pending and self._connecting is None:
                self._connecting = asyncio.create_task(self._keep_connected())
            return
        while self._pending and len(self._unconfirmed) < WINDOW and not self._making:
            sending = self._pending[0]
            if not sending.batch.wanted():
                self._pending.popleft().batch.confirm_one()
                continue
            if (place := sending.outgoing.place).name not in self._there:
                self._making = asyncio.create_task(self._make(place))
                return
            self._pending.popleft()
            self._tag += 1
            self._unconfirmed[self._tag] = sending
            try:
                channel.publish(*sending.outgoing)
            except Lost:  # then it is sent again
                return

    async def _keep_connected(self) -> None:
        """Have a channel, as long as there is something to send."""
        try:
            while self._pending:
                try:
                    await self._send_until_lost()
                except Refused as error:
                    self._fail_all(error)
                except Lost as error:
                    self._lost = str(error)
                    self._drop_unwanted()
                    await asyncio.sleep(PAUSE)
        finally:
            self._connecting = None

    async def _send_until_lost(self) -> None:
        connection = await self._link.connection()
        connection.on_blocked(self._on_blocked)
        channel = await connection.channel()
        await channel.confirm(self._on_confirm, self._on_return)
        self._channel, self._tag, self._lost, self._blocked = channel, 0, "", ""
        self._pump()
        reason = await channel.gone
        self._channel, self._lost = None, str(reason)
        unconfirmed = list(self._unconfirmed.values())
        self._unconfirmed.clear()
        if isinstance(reason, Refused):
            guilty = max(unconfirmed, key=lambda one: len(one.outgoing.letter.body))
            guilty.batch.fail(reason)  # as RabbitMQ refuses what is too long, and tells not which
            unconfirmed.remove(guilty)
        for sending in reversed(unconfirmed):
            sending.returned = False
            self._pending.appendleft(sending)

    def _on_blocked(self, reason: str) -> None:
        self._blocked = reason

    def _on_confirm(self, tag: int, multiple: bool, well: bool) -> None:  # noqa: FBT001 - AMQP's
        if multiple:
            while self._unconfirmed and next(iter(self._unconfirmed)) <= tag:
                self._settle(self._unconfirmed.popitem(last=False)[1], well=well)
        elif sending := self._unconfirmed.pop(tag, None):
            self._settle(sending, well=well)
        self._pump()

    def _on_return(self, name: str, body: bytes) -> None:
        """Remember that a message has no queue: it is confirmed all the same, right after this."""
        for sending in self._unconfirmed.values():
            place, letter = sending.outgoing
            if not sending.returned and place.name == name and letter.body == body:
                sending.returned = True
                return

    def _settle(self, sending: Sending, *, well: bool) -> None:
        name = sending.outgoing.place.name
        if not well:
            sending.batch.fail(Refused(f"the queue {name} takes no message now"))
        elif not sending.returned:
            sending.batch.confirm_one()
        elif sending.again:
            sending.batch.fail(Refused(f"there is no queue {name}"))
        else:
            sending.returned, sending.again = False, True
            self._there.discard(name)
            self._pending.append(sending)

    async def _make(self, place: Place) -> None:
        """Declare a queue, and go on sending."""
        try:
            async with await self._link.channel() as channel:
                await channel.declare(place)
        except Refused as error:
            if error.code == MAY_NOT:  # it may be there all the same, and one may send to it
                self._there.add(place.name)
            else:
                self._refuse(place, error)
        except Lost:
            await asyncio.sleep(PAUSE)
        else:
            self._there.add(place.name)
        self._making = None
        self._pump()

    def _refuse(self, place: Place, error: Refused) -> None:
        """Send nothing to a queue that cannot be made."""
        refused = [one for one in self._pending if one.outgoing.place.name == place.name]
        for sending in refused:
            self._pending.remove(sending)
            sending.batch.fail(error)

    def _fail_all(self, error: Lost) -> None:
        while self._pending:
            self._pending.popleft().batch.fail(error)

    def _drop_unwanted(self) -> None:
        """Forget what nobody waits for, while there is no connection."""
        kept = [sending for sending in self._pending if sending.batch.wanted()]
        for sending in self._pending:
            if not sending.batch.wanted():
                sending.batch.confirm_one()
        self._pending = deque(kept)
