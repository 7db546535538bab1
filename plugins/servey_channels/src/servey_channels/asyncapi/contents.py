"""The messages of an application's own: events, what is sent to actions, and what they give."""

from typing import Any

import docstring_parser

from servey_channels.asyncapi.examples import data_examples, event_examples, result_examples
from servey_channels.asyncapi.schemas import Schemas, needs_data
from servey_channels.asyncapi.words import CONTENT_TYPE, EPOCH, ID, PLACE, Message, message
from servey_core import Channel, Invoker


def event_message(channel: Channel[Any], schemas: Schemas) -> Message:
    """An event of a channel, as a websocket carries it."""
    head = {"channel": channel.name, "epoch": EPOCH}
    described = message(
        "event",
        f"An event of `{channel.name}`.",
        {"channel": {"const": channel.name}, **PLACE, "data": schemas.event(channel.name)},
        *(
            (name, {**head, "offset": offset, "data": data})
            for offset, (name, data) in enumerate(event_examples(channel), 42)
        ),
    )
    return _described(described, channel.name, channel.description)


def streamed_message(channel: Channel[Any], schemas: Schemas) -> Message:
    """An event of a channel, as a server-sent event: the data alone."""
    headers = {
        "type": "object",
        "description": "The fields of the server-sent event; it has no `event`.",
        "properties": {
            "id": {
                "type": "string",
                "pattern": "^.{0,64}:[0-9]+$",
                "description": "Where the event stands: epoch and offset. A client that comes "
                "back sends the last one as `Last-Event-ID`.",
            }
        },
        "required": ["id"],
    }
    described: Message = {
        "name": "message",
        "summary": f"An event of `{channel.name}`.",
        "contentType": CONTENT_TYPE,
        "headers": headers,
        "payload": schemas.event(channel.name),
        "examples": [
            {
                "name": name,
                "headers": {"id": f"{EPOCH}:{offset}"},
                "payload": data,
            }
            for offset, (name, data) in enumerate(event_examples(channel), 42)
        ],
    }
    return _described(described, channel.name, channel.description)


def send_message(channel: str, invoker: Invoker, schemas: Schemas) -> Message:
    """What a client sends to a channel: the arguments of its action."""
    data = schemas.data(channel)
    optional = ["id"]
    if not needs_data(invoker.signature):
        data = {"anyOf": [data, {"type": "null"}]}
        optional.append("data")
    described = message(
        "send",
        f"Send something to `{channel}`.",
        {"channel": {"const": channel}, "data": data, "id": ID},
        *(
            (example.name, {"id": 7, "channel": channel, "data": params})
            for example, params in data_examples(invoker)
        ),
        optional=optional,
        strict=True,
    )
    return _described(described, channel, text_of(invoker))


def ack_message(channel: str, invoker: Invoker, schemas: Schemas) -> Message:
    """The answer to that: what the action gave."""
    returns = docstring_parser.parse(invoker.action.description).returns
    described = message(
        "ack",
        f"What was sent to `{channel}` has been dealt with; `data` is the result.",
        {"channel": {"const": channel}, "id": ID, "data": schemas.result(channel)},
        *(
            (example.name, {"channel": channel, "id": 7, "data": result})
            for example, result in result_examples(invoker)
        ),
    )
    return _described(described, channel, (returns.description or "") if returns else "")


def text_of(invoker: Invoker) -> str:
    """What an action does, without what is said of its arguments."""
    parsed = docstring_parser.parse(invoker.action.description)
    parts = (parsed.short_description, parsed.long_description)
    return "\n\n".join(part for part in parts if part)


def _described(described: Message, channel: str, text: str) -> Message:
    """The message with its description and its channel, and without examples where it has none."""
    kept = {key: value for key, value in described.items() if key != "examples" or value}
    kept["tags"] = [{"name": channel}]
    return {**kept, "description": text} if text else kept
