"""Publishing to a webhook channel: a job for each subscriber."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from servey_channels.webhooks.deliveries import Deliveries
from servey_channels.webhooks.signing import signers_of
from servey_core import Channel, ChannelTransport, Job, JobOrder, Runtime, WebhookChannel
from servey_core.enqueueing import order_job
from servey_core.job_handles import job_of
from servey_core.webhook_subscribers import FixedSubscribers, WebhookSubscriber

ACTION = "servey_deliver_webhook"

_log = logging.getLogger("servey.webhooks")


class WebhookTransport(ChannelTransport):
    """Enqueues deliveries.

    Args:
        runtime: The application.

    Attributes:
        deliveries: What the jobs run.

    Raises:
        SettingsError: A setting does not do, or a secret that the code names.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.deliveries = Deliveries(runtime)
        for channel in webhook_channels(runtime):
            if isinstance(channel.subscribers, FixedSubscribers):
                for one in channel.subscribers.subscribers(channel.name):
                    signers_of(one.secrets, f"the channel {channel.name!r} ({channel.place})")

    def publish(
        self,
        channel: Channel[Any],
        event: bytes,
        connection_id: str | None = None,  # noqa: ARG002 - there are none
    ) -> tuple[Job[Any], ...]:
        """Enqueue the deliveries of an event, all or none; it blocks."""
        orders = self._orders(channel, event)
        if orders:
            self._runtime.task_queue.put(orders)
        return self._jobs(orders)

    async def apublish(
        self,
        channel: Channel[Any],
        event: bytes,
        connection_id: str | None = None,  # noqa: ARG002
    ) -> tuple[Job[Any], ...]:
        """Enqueue the deliveries of an event without blocking the event loop."""
        orders = await asyncio.to_thread(self._orders, channel, event)
        if orders:
            await self._runtime.task_queue.aput(orders)
        return self._jobs(orders)

    def _orders(self, channel: Channel[Any], event: bytes) -> list[JobOrder]:
        assert isinstance(channel, WebhookChannel)  # noqa: S101 - it is for no other
        message, text = f"msg_{uuid4().hex}", event.decode()
        return [
            order_job(
                self._runtime,
                ACTION,
                {
                    "channel": channel.name,
                    "subscriber": subscriber.id,
                    "message": message,
                    "event": text,
                },
            )
            for subscriber in channel.subscribers.subscribers(channel.name)
            if _wants(subscriber, channel, event)
        ]

    def _jobs(self, orders: list[JobOrder]) -> tuple[Job[Any], ...]:
        return tuple(job_of(order, self._runtime) for order in orders)


def webhook_channels(runtime: Runtime) -> Iterator[WebhookChannel[Any]]:
    """The webhook channels of an application."""
    for channel in runtime.channels.values():
        if isinstance(channel, WebhookChannel):
            yield channel


def _wants(subscriber: WebhookSubscriber, channel: WebhookChannel[Any], event: bytes) -> bool:
    if subscriber.event_filter is None:
        return True
    try:
        return bool(subscriber.event_filter(channel.from_json(event)))
    except Exception:  # noqa: BLE001 - a filter that fails lets nothing through
        _log.exception("The filter of %s on %r has failed", subscriber.id, channel.name)
        return False
