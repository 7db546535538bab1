"""The action whose jobs are deliveries."""

from servey_channels.webhooks.transport import WebhookTransport
from servey_core import Background, NotFound, WebhookChannel, action
from servey_core.enqueueing import current_runtime

QUEUE = "webhooks"
"""The queue of deliveries."""

MINUTE, HOUR = 60.0, 3600.0
REPEATS = (
    *(5.0, 5 * MINUTE, 30 * MINUTE),
    *(hours * HOUR for hours in (2, 5, 10, 14, 20, 24)),
)
"""When a delivery is repeated, as Standard Webhooks recommends, in seconds after the one before."""


@action(background=Background(queue=QUEUE, max_retries=len(REPEATS), backoff=REPEATS))
async def servey_deliver_webhook(channel: str, subscriber: str, message: str, event: str) -> None:
    """Deliver an event of a webhook channel to one subscriber.

    Args:
        channel: The channel's name.
        subscriber: The subscriber's id.
        message: Names the message, whichever time it is sent.
        event: The event, as JSON.
    """
    runtime = current_runtime()
    found = runtime.channels.get(channel)
    if not isinstance(found, WebhookChannel):
        raise NotFound(f"This application has no webhook channel {channel!r}.")
    transport = runtime.transport_of(found)
    assert isinstance(transport, WebhookTransport)  # noqa: S101 - see the plugin
    await transport.deliveries.deliver(found, subscriber, message, event)
