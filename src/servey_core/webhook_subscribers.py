"""Who is sent the events of webhook channels: fixed in the code, or kept by the application."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

from servey_core.webhook_secrets import secrets_of


@dataclass(frozen=True)
class WebhookSubscriber:
    """Somebody who is sent events.

    Attributes:
        url: Where to: `https://…`. It is not shown, as it may hold a secret.
        secrets: What deliveries are signed with, each with every one of them: `whsec_…`, or names
            of environment variables that hold such.
        event_filter: Called with an event: whether it is sent; None for all. One that raises sends
            nothing.
        id: Names the subscriber, and must not change; left out, it is made of the URL.

    Raises:
        ValueError: The URL or a secret cannot be one.
    """

    url: str = field(repr=False)
    secrets: str | Sequence[str] = field(repr=False)
    event_filter: Callable[[Any], bool] | None = None
    id: str = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("A webhook's URL begins with https:// or http:// and a host.")
        if parts.username is not None or parts.password is not None:
            raise ValueError(
                f"The URL of a webhook to {self.origin} has a user or a password, which deliveries "
                "do not send: they are signed."
            )
        object.__setattr__(self, "secrets", secrets_of(self.secrets, "A webhook"))
        if not self.id:
            object.__setattr__(self, "id", hashlib.sha256(self.url.encode()).hexdigest()[:16])

    @property
    def origin(self) -> str:
        """The part of the URL that may be shown: scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class SubscriberStore(Protocol):
    """Where an application keeps who is sent events.

    The methods may block; those who run on an event loop call them in a thread.
    """

    def subscribers(self, channel: str) -> Iterable[WebhookSubscriber]:
        """Everybody who is sent the events of a channel; asked when one is published."""

    def subscriber(self, channel: str, subscriber_id: str) -> WebhookSubscriber | None:
        """One of them, as they are now; None where they are sent nothing any more."""

    def disable(self, channel: str, subscriber_id: str, reason: str) -> None:
        """Send somebody nothing any more: their endpoint says that it is gone (410)."""


class FixedSubscribers(SubscriberStore):
    """Subscribers that the code names.

    Args:
        subscribers: The subscribers.

    Raises:
        ValueError: Two of them have one name.
    """

    def __init__(self, subscribers: Iterable[WebhookSubscriber]) -> None:
        several = list(subscribers)
        self._by_id = {one.id: one for one in several}
        if len(self._by_id) < len(several):
            raise ValueError("Two subscribers of a channel have one id, or one URL.")

    def subscribers(self, channel: str) -> Iterable[WebhookSubscriber]:  # noqa: ARG002 - it has them for one
        """All of them."""
        return self._by_id.values()

    def subscriber(self, channel: str, subscriber_id: str) -> WebhookSubscriber | None:  # noqa: ARG002
        """One of them."""
        return self._by_id.get(subscriber_id)

    def disable(self, channel: str, subscriber_id: str, reason: str) -> None:
        """Nothing can be changed about code: whoever delivers keeps it in mind for a while."""
