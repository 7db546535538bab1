"""Webhook channels: events for other services, which each is sent by a signed request."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from servey_core.enqueueing import current_runtime
from servey_core.event_channels import Channel, ChannelError, declared_at
from servey_core.examples import EventExample
from servey_core.job_handles import Job
from servey_core.webhook_subscribers import FixedSubscribers, SubscriberStore, WebhookSubscriber

EventT = TypeVar("EventT")


@dataclass(frozen=True, eq=False)
class WebhookChannel(Channel[EventT]):
    """Sends each event to every subscriber, by a request that is signed (Standard Webhooks).

    Each delivery is a background job: as durable as the task queue is, and tried again for days.

    Attributes:
        subscribers: Who is sent the events.
    """

    subscribers: SubscriberStore = field(kw_only=True, repr=False)

    served_by: ClassVar[str] = "servey-channels"

    def publish(self, event: EventT) -> tuple[Job[Any], ...]:
        """Send an event to all subscribers; it blocks until the deliveries are enqueued.

        It may be called from anywhere: a request, a thread, a job, the command line. On an event
        loop, `apublish` does not block.

        Args:
            event: The event.

        Returns:
            The deliveries.

        Raises:
            InvalidInput: It is not of the channel's type.
            QueueFull: There is no room for the deliveries; none was enqueued.
            Unavailable: The queue cannot be used just now.
        """
        text = self.to_json(event)
        transport = current_runtime().transport_of(self)
        return transport.publish(self, text)  # type: ignore[no-any-return]

    async def apublish(self, event: EventT) -> tuple[Job[Any], ...]:
        """Send an event without blocking the event loop; it is `publish` otherwise."""
        text = self.to_json(event)
        transport = current_runtime().transport_of(self)
        return await transport.apublish(self, text)  # type: ignore[no-any-return]


def webhook_channel(  # noqa: PLR0913 - each is one thing that can be said of a channel
    name: str,
    event: type[EventT],
    *,
    url: str | None = None,
    secret: str | Sequence[str] = (),
    subscribers: SubscriberStore | Sequence[WebhookSubscriber] | None = None,
    description: str = "",
    examples: tuple[EventT | EventExample[EventT], ...] = (),
) -> WebhookChannel[EventT]:
    """Declare a channel whose events are sent to other services.

    Args:
        name: A name, unique in the application.
        event: The type of its events.
        url: Where they are sent, where that is one place, which the code knows.
        secret: What they are signed with then: `whsec_…`, or the name of an environment variable
            that holds it. While a secret is replaced, both, the new one first: each signs.
        subscribers: Who is sent them, instead of `url`: a store of the application, or several
            subscribers that the code knows.
        description: What its events are.
        examples: Events, or `EventExample`s; for documents and tests.

    Raises:
        ChannelError: The name cannot be one, or it is not clear where events go.
    """
    place = declared_at()
    try:
        store = _store(url, secret, subscribers)
    except ValueError as error:
        raise ChannelError(f"Channel {name!r} ({place}): {error}") from None
    return WebhookChannel(name, event, description, examples, subscribers=store, place=place)


def _store(
    url: str | None,
    secret: str | Sequence[str],
    subscribers: SubscriberStore | Sequence[WebhookSubscriber] | None,
) -> SubscriberStore:
    if (url is None) == (subscribers is None):
        raise ValueError("give it a url, with a secret, or subscribers.")
    if url is not None:
        return FixedSubscribers([WebhookSubscriber(url, secret)])
    if secret:
        raise ValueError("a secret goes with a url; each subscriber has its own.")
    if isinstance(subscribers, Sequence):
        return FixedSubscribers(subscribers)
    assert subscribers is not None  # noqa: S101 - seen to above
    return subscribers
