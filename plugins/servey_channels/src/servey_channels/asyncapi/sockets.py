"""The websocket: one address for all channels, and one for each."""

from typing import Any

from servey_channels.asyncapi.client_words import client_words
from servey_channels.asyncapi.contents import ack_message, event_message, send_message, text_of
from servey_channels.asyncapi.parts import Parts
from servey_channels.asyncapi.security import (
    BEARER,
    DEBUG_LOGIN,
    IN_BAND,
    SUBPROTOCOL,
    inbound_access,
    requirements,
)
from servey_channels.asyncapi.server_words import server_words
from servey_channels.asyncapi.servers import WEBSOCKET
from servey_channels.asyncapi.sources import Source
from servey_core import WebsocketChannel

SOCKET, OWN_SOCKET = "socket", "socketOfOneChannel"
"""The names of the two addresses; those of the applications' channels have a dot in them."""

_WAYS = (BEARER, SUBPROTOCOL, IN_BAND, DEBUG_LOGIN)
_BINDINGS: dict[str, Any] = {
    "ws": {
        "method": "GET",
        "headers": {
            "type": "object",
            "properties": {
                "Authorization": {"type": "string", "description": "`Bearer` and a token."},
                "Sec-WebSocket-Protocol": {
                    "type": "string",
                    "description": "`servey`, and `bearer.<token>` where there is no header.",
                },
            },
        },
        "bindingVersion": "0.1.0",
    }
}
_REPLIES = {
    "subscribe": ["subscribed", "error"],
    "unsubscribe": ["unsubscribed", "error"],
    "authorize": ["authorized", "error"],
    "ping": ["pong"],
}
_ASKED = {
    "subscribe": "A client subscribes to a channel.",
    "unsubscribe": "A client wants no more of a channel.",
    "authorize": "A client says who it is, or renews its token.",
    "ping": "A client asks whether the server is there.",
}
_TOLD = ("welcome", "degraded", "restored", "gap", "reconnect")


def describe_sockets(parts: Parts, source: Source) -> None:
    """Describe what goes over websockets.

    Args:
        parts: The document's parts, which it is added to.
        source: What there is.
    """
    path, channels, inbound, schemas = source.path, source.channels, source.inbound, source.schemas
    names = [one.name for one in channels]
    asked = parts.add_messages(client_words(names))
    told = parts.add_messages(server_words(names))
    events = {f"{one.name}.event": event_message(one, schemas) for one in channels}
    sent = {f"{name}.send": send_message(name, one, schemas) for name, one in inbound.items()}
    acks = {f"{name}.ack": ack_message(name, one, schemas) for name, one in inbound.items()}
    every = [*asked, *told, *(parts.add_messages({**events, **sent, **acks}))]
    text = "All channels over one websocket: subscribe to some of them, send to others."
    described = {"title": "All channels", "description": text, "bindings": _BINDINGS}
    parts.channel(SOCKET, {"address": path, **described}, WEBSOCKET, every)
    for name in asked:
        parts.receives(name, SOCKET, [name], _ASKED[name], _REPLIES[name])
    notices = [one for one in _TOLD if one in told]
    parts.sends("tell", SOCKET, notices, "What a client is told without having asked.")
    for channel in channels:
        needed = requirements(channel.access_control, source.schemes, _WAYS)
        further = {"description": _of_channel(channel), "tags": [{"name": channel.name}], **needed}
        name = f"{channel.name}.event"
        summary = f"Events of `{channel.name}`, to who subscribes."
        parts.sends(name, SOCKET, [name], summary, **further)
    for name, invoker in inbound.items():
        needed = requirements(inbound_access(invoker), source.schemes, _WAYS)
        about = text_of(invoker)
        further = {**({"description": about} if about else {}), "tags": [{"name": name}], **needed}
        replies = [f"{name}.ack", "error"]
        summary = f"A client sends to `{name}`."
        parts.receives(f"{name}.send", SOCKET, [f"{name}.send"], summary, replies, **further)
    if names:
        _describe_own(parts, path, names, [*asked, *sent], [*told, *events, *acks])


def _describe_own(
    parts: Parts, path: str, names: list[str], asked: list[str], told: list[str]
) -> None:
    """The addresses of single channels, which are one with a parameter."""
    described = {
        "address": f"{path}/{{channel}}",
        "title": "One channel",
        "description": "The same websocket, subscribed to one channel from the beginning. Where "
        "that may not be, the first message after `welcome` is an `error`.",
        "parameters": {
            "channel": {"description": "The name of the channel.", "enum": names},
        },
        "bindings": _BINDINGS,
    }
    parts.channel(OWN_SOCKET, described, WEBSOCKET, [*asked, *told])
    parts.sends("tellOfOneChannel", OWN_SOCKET, told, "What a client is told, events among it.")
    parts.receives("hearOfOneChannel", OWN_SOCKET, asked, "What a client may say here too.")


def _of_channel(channel: WebsocketChannel[Any]) -> str:
    """What is said of a channel, and what of it is kept."""
    history = channel.history
    kept = "Nothing is kept for subscribers that come back."
    if history.size and history.age:
        kept = (
            f"The last {history.size} events of the last {history.age:g} seconds are kept for "
            "subscribers that come back."
        )
    some = "Subscribers get those that are for them." if channel.event_filter else ""
    return "\n\n".join(text for text in (channel.description, some, kept) if text)
