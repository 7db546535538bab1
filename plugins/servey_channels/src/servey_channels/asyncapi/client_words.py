"""What clients say that is the same in every application."""

from collections.abc import Iterable, Mapping
from typing import Any

from servey_channels.asyncapi.words import EPOCH, ID, PLACE, Message, message
from servey_core.json_schemas import Schema


def client_words(channels: list[str]) -> dict[str, Message]:
    """What any client may say.

    Args:
        channels: The channels that it may subscribe to.
    """
    token: Schema = {"type": "string", "maxLength": 8192}
    words = {
        "authorize": _said(
            "authorize",
            "Say who one is, or renew a token before it expires. What the new token may not have "
            "ends the connection (4403).",
            {"token": token},
            ("renewed", {"id": 3, "token": "eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl"}),
        ),
        "ping": _said("ping", "Ask whether the server is there.", {}, ("ping", {"id": 4})),
    }
    if not channels:
        return words
    channel: Schema = {"type": "string", "enum": channels}
    position: Schema = {
        "type": "object",
        "properties": PLACE,
        "required": ["epoch", "offset"],
        "additionalProperties": False,
    }
    since: Schema = {
        "anyOf": [position, {"type": "null"}],
        "description": "The last position that the client knows; it gets what came after it.",
    }
    return {
        "subscribe": _said(
            "subscribe",
            "Ask for a channel's events from now on, and for those since a position.",
            {"channel": channel, "since": since},
            ("from now on", {"id": 1, "channel": channels[0]}),
            (
                "since a position",
                {"id": 1, "channel": channels[0], "since": {"epoch": EPOCH, "offset": 41}},
            ),
            optional=["since"],
        ),
        "unsubscribe": _said(
            "unsubscribe",
            "Ask for no more of a channel's events.",
            {"channel": channel},
            ("no more", {"id": 2, "channel": channels[0]}),
        ),
        **words,
    }


def _said(
    kind: str,
    summary: str,
    members: Mapping[str, Schema],
    *examples: tuple[str, Mapping[str, Any]],
    optional: Iterable[str] = (),
) -> Message:
    """A message of a client, which may have an id."""
    return message(
        kind, summary, {**members, "id": ID}, *examples, optional=[*optional, "id"], strict=True
    )
