"""Websocket channels: events for connected clients."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, TypeVar

from servey_core.access import ALLOW_ALL, AccessControl
from servey_core.authorization import Authorization
from servey_core.durations import seconds_of
from servey_core.enqueueing import current_runtime
from servey_core.event_channels import Channel, Position, declared_at
from servey_core.examples import EventExample

EventT = TypeVar("EventT")

EventFilter = Callable[[EventT, Authorization | None], bool]
"""Whether an event is for a subscriber; one that raises delivers nothing."""


@dataclass(frozen=True, slots=True)
class History:
    """How much of a channel is kept for subscribers that come back.

    Attributes:
        size: How many events.
        seconds: For how long, in seconds or as a `timedelta`.

    Raises:
        ValueError: One of them is negative.
    """

    size: int = 1000
    seconds: float | timedelta = 300.0

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError(f"History.size: {self.size} events cannot be kept.")
        seconds_of(self.seconds)

    @property
    def age(self) -> float:
        """For how long, in seconds."""
        return seconds_of(self.seconds)


@dataclass(frozen=True, eq=False)
class WebsocketChannel(Channel[EventT]):
    """Sends each event to the clients that subscribe to it, over websockets or as SSE.

    Attributes:
        access_control: Who may subscribe.
        event_filter: Which subscriber gets which event; None for all.
        history: How much is kept for subscribers that come back.
    """

    access_control: AccessControl = ALLOW_ALL
    event_filter: EventFilter[EventT] | None = None
    history: History = History()

    served_by: ClassVar[str] = "servey-channels"

    def publish(self, event: EventT, *, connection_id: str | None = None) -> Position:
        """Send an event to all subscribers, or to one connection; it blocks for a moment.

        It may be called from anywhere: a request, a thread, a job, the command line. On an event
        loop, `apublish` does not block.

        Args:
            event: The event.
            connection_id: The one connection that gets it; None for all subscribers.

        Returns:
            Where the event stands in the channel.

        Raises:
            InvalidInput: It is not of the channel's type.
            Unavailable: It cannot be sent just now.
        """
        text = self.to_json(event)
        transport = current_runtime().transport_of(self)
        return transport.publish(self, text, connection_id)  # type: ignore[no-any-return]

    async def apublish(self, event: EventT, *, connection_id: str | None = None) -> Position:
        """Send an event without blocking the event loop; it is `publish` otherwise."""
        text = self.to_json(event)
        transport = current_runtime().transport_of(self)
        return await transport.apublish(self, text, connection_id)  # type: ignore[no-any-return]


def websocket_channel(  # noqa: PLR0913 - each is one thing that can be said of a channel
    name: str,
    event: type[EventT],
    *,
    access_control: AccessControl = ALLOW_ALL,
    event_filter: EventFilter[EventT] | None = None,
    history: History = History(),
    description: str = "",
    examples: tuple[EventT | EventExample[EventT], ...] = (),
) -> WebsocketChannel[EventT]:
    """Declare a channel whose events go to connected clients.

    Args:
        name: A name, unique in the application.
        event: The type of its events.
        access_control: Who may subscribe.
        event_filter: Called with an event and a subscriber's `Authorization`: whether it gets it.
            It runs on the event loop, for each subscriber and event, and must be quick.
        history: How much is kept for subscribers that come back.
        description: What its events are.
        examples: Events, or `EventExample`s, which say who gets them; for documents and tests.

    Raises:
        ChannelError: The name cannot be one.
    """
    return WebsocketChannel(
        name,
        event,
        description,
        examples,
        access_control=access_control,
        event_filter=event_filter,
        history=history,
        place=declared_at(),
    )
