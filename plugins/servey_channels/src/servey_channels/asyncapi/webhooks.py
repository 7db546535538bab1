"""Webhook channels: requests that the application sends to its subscribers."""

from typing import Any

from servey_channels.asyncapi.examples import event_examples
from servey_channels.asyncapi.parts import Json, Parts
from servey_channels.asyncapi.schemas import Schemas
from servey_channels.asyncapi.words import CONTENT_TYPE, Message
from servey_core import Channel

SUBSCRIBER = "subscriber"
"""The name of the server, which is each subscriber's own."""

SERVER: Json = {
    "host": "{host}",
    "protocol": "https",
    "title": "A subscriber of webhooks",
    "description": "Whoever subscribes to webhooks: each event is a request to an address of the "
    "subscriber's own. It is sent again, for days, until the answer is a 2xx or a 410.",
    "variables": {"host": {"description": "The subscriber's host.", "default": "example.com"}},
}

_HEADERS: Json = {
    "type": "object",
    "description": "The header fields (Standard Webhooks).",
    "properties": {
        "webhook-id": {
            "type": "string",
            "description": "Names the message; when it is sent again, it is the same.",
        },
        "webhook-timestamp": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "When this was sent, in seconds since 1970.",
        },
        "webhook-signature": {
            "type": "string",
            "pattern": "^v1,[A-Za-z0-9+/=]+( v1,[A-Za-z0-9+/=]+)*$",
            "description": "HMAC-SHA256 of id, timestamp and body, with dots between; one for each "
            "secret while one takes the place of another.",
        },
    },
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
}
_SHOWN = {
    "webhook-id": "msg_2b0Xo4mqWJ7p",
    "webhook-timestamp": "1893499200",
    "webhook-signature": "v1,bm90IGEgc2lnbmF0dXJlLCBidXQgYXMgbG9uZyBhcyBvbmU=",
}


def describe_webhooks(parts: Parts, channels: tuple[Channel[Any], ...], schemas: Schemas) -> None:
    """Describe what is sent to subscribers.

    Args:
        parts: The document's parts, which it is added to.
        channels: The channels.
        schemas: The schemas of their events.
    """
    for channel in channels:
        name = f"{channel.name}.webhook"
        about = {"description": channel.description} if channel.description else {}
        parts.add_messages({name: _message(channel, schemas)})
        described = {"address": None, "title": f"Webhooks of {channel.name}", **about}
        parts.channel(name, described, SUBSCRIBER, [name])
        parts.sends(
            name,
            name,
            [name],
            f"Events of `{channel.name}`, to the subscribers.",
            tags=[{"name": channel.name}],
            bindings={"http": {"method": "POST", "bindingVersion": "0.3.0"}},
        )


def _message(channel: Channel[Any], schemas: Schemas) -> Message:
    described: Message = {
        "name": "webhook",
        "summary": f"An event of `{channel.name}`.",
        "contentType": CONTENT_TYPE,
        "headers": _HEADERS,
        "payload": schemas.event(channel.name),
    }
    examples = [
        {"name": name, "headers": _SHOWN, "payload": one} for name, one in event_examples(channel)
    ]
    return {**described, "examples": examples} if examples else described
