"""What the server says that is the same in every application."""

from servey_channels.asyncapi.problems import PROBLEM_EXAMPLE
from servey_channels.asyncapi.words import EPOCH, ID, PLACE, Message, message
from servey_core.json_schemas import PROBLEM, REFERENCE, Schema

_RECOVERED: Schema = {
    "type": "boolean",
    "description": "Whether every event since the position that was named follows; where not, "
    "load afresh what the events are about.",
}


def server_words(channels: list[str]) -> dict[str, Message]:
    """What the server says beside events and acknowledgements.

    Args:
        channels: The channels that a client may subscribe to.
    """
    text: Schema = {"type": "string"}
    channel: Schema = {"type": ["string", "null"]}
    problem: Schema = {"$ref": REFERENCE.format(model=PROBLEM)}
    words = {
        "welcome": message(
            "welcome",
            "The first message of a connection. Its id is what an event for one connection is "
            "sent to.",
            {"connection_id": text},
            ("welcome", {"connection_id": "ZfmUe0QEx9bTq8G1oDk6Vw"}),
        ),
        "authorized": message(
            "authorized",
            "The token of `authorize` is in force.",
            {"id": ID, "subject": {"type": ["string", "null"]}},
            ("ann", {"id": 3, "subject": "ann"}),
        ),
        "pong": message("pong", "The answer to `ping`.", {"id": ID}, ("pong", {"id": 4})),
        "error": message(
            "error",
            "What a client asked for was refused, or has failed.",
            {"channel": channel, "id": ID, "problem": problem},
            ("no such channel", {"channel": "nowhere", "id": 1, "problem": PROBLEM_EXAMPLE}),
        ),
        "reconnect": message(
            "reconnect",
            "The server leaves: come back after so many milliseconds. The code 1012 follows.",
            {"after_ms": {"type": "integer", "minimum": 0}},
            ("soon", {"after_ms": 1730}),
        ),
    }
    if not channels:
        return words
    channel = {"type": "string", "enum": channels}
    one = channels[0]
    return {
        **words,
        "subscribed": message(
            "subscribed",
            "Events of the channel follow, those that were missed first.",
            {"channel": channel, "id": ID, **PLACE, "recovered": _RECOVERED},
            ("new", {"channel": one, "id": 1, "epoch": EPOCH, "offset": 41, "recovered": True}),
        ),
        "unsubscribed": message(
            "unsubscribed",
            "No more events of the channel follow.",
            {"channel": channel, "id": ID},
            ("no more", {"channel": one, "id": 2}),
        ),
        **notices(channels),
    }


def notices(channels: list[str]) -> dict[str, Message]:
    """What a subscriber is told beside events, by websocket or as a server-sent event."""
    return {
        "degraded": message(
            "degraded", "Events are not heard of just now; they may be late.", {}, ("late", {})
        ),
        "restored": message("restored", "Events are heard of again; see `gap`.", {}, ("again", {})),
        "gap": message(
            "gap",
            "Events up to this position may be missing: subscribe again since the last that is "
            "known, or load afresh.",
            {"channel": {"type": "string", "enum": channels}, **PLACE},
            ("missing", {"channel": channels[0], "epoch": EPOCH, "offset": 57}),
        ),
    }


def stream_words(channel: str) -> dict[str, Message]:
    """What a client of one channel's server-sent events is told beside them."""
    only: Schema = {"const": channel}
    told = {
        "subscribed": message(
            "subscribed",
            "The first message: where the channel is.",
            {"channel": only, **PLACE, "recovered": _RECOVERED},
            ("new", {"channel": channel, "epoch": EPOCH, "offset": 41, "recovered": True}),
        ),
        **notices([channel]),
    }
    for kind, one in told.items():
        one["headers"] = {
            "type": "object",
            "description": "The fields of the server-sent event.",
            "properties": {"event": {"const": kind}},
            "required": ["event"],
        }
        for example in one["examples"]:
            example["headers"] = {"event": kind}
    return told
