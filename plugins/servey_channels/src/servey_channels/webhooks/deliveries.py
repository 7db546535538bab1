"""A delivery: one event to one subscriber, and what its answer means (Standard Webhooks)."""

import asyncio
import logging
from typing import Any

from servey_channels.webhooks.endpoints import Endpoints, NoAnswer
from servey_channels.webhooks.requests import Answer, Requests
from servey_channels.webhooks.settings import WebhookSettings
from servey_channels.webhooks.signing import signed, signers_of
from servey_core import (
    PermissionDenied,
    ProblemError,
    Runtime,
    TooManyRequests,
    WebhookChannel,
    WebhookSubscriber,
)
from servey_core.webhook_subscribers import FixedSubscribers

GONE_SECONDS = 24 * 3600.0
"""For how long a URL that the code names is sent nothing, once it says that it is gone."""

_ALL_IS_WELL = range(200, 300)
_GONE, _BUSY = 410, (429, 503)

_log = logging.getLogger("servey.webhooks")


class DeliveryRefused(ProblemError):  # noqa: N818 - what happened
    """An endpoint has not taken an event; it is tried again."""

    status = 502


class EndpointGone(ProblemError):  # noqa: N818
    """An endpoint wants no more events; it is not tried again."""

    status = 410


class Deliveries:
    """Makes the deliveries of one application in this process.

    Args:
        runtime: The application.

    Raises:
        SettingsError: A setting does not do.
    """

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings.group(WebhookSettings)
        self._runtime = runtime
        self._requests = Requests(settings)
        self._endpoints = Endpoints(settings.webhook_concurrency)

    async def deliver(
        self, channel: WebhookChannel[Any], subscriber_id: str, message: str, event: str
    ) -> None:
        """Deliver an event, unless the subscriber wants no more.

        Args:
            channel: The channel.
            subscriber_id: Whom to.
            message: Names the message, whichever time it is sent.
            event: The event, as JSON.

        Raises:
            ProblemError: It was not taken; one of 4xx is not to be tried again.
        """
        subscriber = await self._subscriber(channel, subscriber_id)
        if subscriber is None:
            _log.info("%s is not sent to %s any more: %s", message, subscriber_id, channel.name)
            return
        where = subscriber.origin
        headers = {
            **signed(signers_of(subscriber.secrets, f"a webhook to {where}"), message, event),
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": "Servey-Webhooks",
        }
        try:
            async with self._endpoints.turn(subscriber.url):
                answer = await self._requests.post(subscriber.url, event.encode(), headers)
        except (NoAnswer, PermissionDenied) as error:
            raise type(error)(f"{where}: {error.detail}") from None
        await self._heed(channel, subscriber, answer)

    async def _subscriber(
        self, channel: WebhookChannel[Any], subscriber_id: str
    ) -> WebhookSubscriber | None:
        store = channel.subscribers
        if not isinstance(store, FixedSubscribers):
            return await asyncio.to_thread(store.subscriber, channel.name, subscriber_id)
        if await self._runtime.state.get(_gone_key(channel, subscriber_id)) is not None:
            return None
        return store.subscriber(channel.name, subscriber_id)

    async def _heed(
        self, channel: WebhookChannel[Any], subscriber: WebhookSubscriber, answer: Answer
    ) -> None:
        if answer.status in _ALL_IS_WELL:
            return
        what = f"{subscriber.origin} answered {answer.status}"
        if answer.status == _GONE:
            await self._disable(channel, subscriber, what)
            raise EndpointGone(f"{what}, and is sent nothing more.")
        detail = f"{what}: {answer.excerpt}" if answer.excerpt else f"{what}."
        if answer.status in _BUSY and answer.retry_after is not None:
            raise TooManyRequests(detail, headers={"Retry-After": str(answer.retry_after)})
        raise DeliveryRefused(detail)

    async def _disable(
        self, channel: WebhookChannel[Any], subscriber: WebhookSubscriber, reason: str
    ) -> None:
        _log.error("%s: subscriber %s is disabled: %s", channel.name, subscriber.id, reason)
        store = channel.subscribers
        if isinstance(store, FixedSubscribers):
            key = _gone_key(channel, subscriber.id)
            await self._runtime.state.add(key, reason.encode(), GONE_SECONDS)
        else:
            await asyncio.to_thread(store.disable, channel.name, subscriber.id, reason)


def _gone_key(channel: WebhookChannel[Any], subscriber_id: str) -> str:
    return f"webhook-gone:{channel.name}:{subscriber_id}"
