"""Who gets which events."""

import logging
from collections import deque
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any, Protocol

from servey_channels.hub.batches import Batch
from servey_channels.hub.made import Made
from servey_channels.logs.base import Entry
from servey_core import Authorization, Position, WebsocketChannel

_log = logging.getLogger("servey.channels")

_MOST_HELD_BACK = 1024 * 1024
"""How many bytes are held back for a subscriber that is given earlier events."""

_NOWHERE = Position("", 0)

AnyChannel = WebsocketChannel[Any]


class Subscriber(Protocol):
    """Somebody who is given events.

    Attributes:
        id: Names the connection; made up here, never by a client.
        authorization: Who it is; may change while it is connected.
    """

    id: str
    authorization: Authorization | None

    def deliver(self, batch: Batch) -> None:
        """Send messages, or give up on the client; it must not block."""

    async def room(self) -> None:
        """Wait until the client has taken most of what it was sent, or is given up."""


@dataclass(slots=True, eq=False)
class Subscription:
    """One subscriber of one channel.

    Attributes:
        subscriber: Who.
        channel: Of what.
        behind: Whether events are held back, or may be some that it has already.
        place: How far it has come, as long as it is behind.
        waiting: What came while it is given earlier events; None where it is not.
        overrun: Whether more came than is held back.
    """

    subscriber: Subscriber
    channel: AnyChannel
    behind: bool = True
    place: Position = _NOWHERE
    waiting: deque[Made] | None = field(default_factory=deque)
    overrun: bool = False
    _held: int = 0

    def hold_back(self, made: Made) -> None:
        """Keep events for later; where that are too many, they are read again then."""
        assert self.waiting is not None  # noqa: S101 - it is behind
        self._held += made.size
        if self._held > _MOST_HELD_BACK:
            self.waiting.clear()
            self.overrun = True
        if not self.overrun:
            self.waiting.append(made)

    def next_held_back(self) -> Made | None:
        """Let go of what was held back first; None where there is nothing, or not all."""
        if not self.waiting:
            return None
        made = self.waiting.popleft()
        self._held -= made.size
        return made

    def begin_again(self) -> None:
        """Hold back what comes from now on."""
        self.waiting, self.overrun, self._held = deque(), False, 0

    def send(self, made: Made, after: int = 0) -> None:
        """Give the subscriber those of some events that are for it."""
        if (batch := self._batch(made, after)) is not None:
            self.subscriber.deliver(batch)

    def _batch(self, made: Made, after: int) -> Batch | None:
        if made.alike and after < made.first:
            return made.batch
        wanted = [
            message
            for entry, event, message in made.read()
            if entry.offset > after and self._wants(entry, event)
        ]
        if len(wanted) == len(made.messages):
            return made.batch
        return Batch(wanted) if wanted else None

    def _wants(self, entry: Entry, event: Any) -> bool:
        if entry.target and entry.target != self.subscriber.id:
            return False
        event_filter = self.channel.event_filter
        if event_filter is None:
            return True
        try:
            wanted = event_filter(event, self.subscriber.authorization)
            if isawaitable(wanted):
                raise TypeError("it is a coroutine, whose result would come too late")  # noqa: TRY301
            return bool(wanted)
        except (Exception, SystemExit):  # noqa: BLE001 - whatever a user's filter raises
            _log.exception(
                "The filter of the channel %r failed for the connection %s, which gets nothing.",
                *(self.channel.name, self.subscriber.id),
                extra={"channel": self.channel.name},
            )
            return False
