"""The parts of the document that refer to each other: servers, channels, operations, messages."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from servey_channels.asyncapi.words import Message

Json = dict[str, Any]


@dataclass
class Parts:
    """Parts of a document, which grows.

    Attributes:
        channels: The channels, by name.
        operations: The operations, by name.
        messages: The messages, by name.
    """

    channels: dict[str, Json] = field(default_factory=dict)
    operations: dict[str, Json] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)

    def channel(self, name: str, described: Json, server: str, messages: Iterable[str]) -> None:
        """Add a channel.

        Args:
            name: Its name.
            described: What else it has.
            server: The server that it is on.
            messages: The messages that go over it, by name.
        """
        self.channels[name] = {
            **described,
            "servers": [{"$ref": f"#/servers/{server}"}],
            "messages": {one: {"$ref": f"#/components/messages/{one}"} for one in messages},
        }

    def sends(
        self, name: str, channel: str, messages: Iterable[str], summary: str, **further: Any
    ) -> None:
        """Add an operation: the application sends some messages."""
        self.operations[name] = {
            "action": "send",
            "summary": summary,
            "channel": _channel(channel),
            "messages": _messages(channel, messages),
            **further,
        }

    def receives(
        self,
        name: str,
        channel: str,
        messages: Iterable[str],
        summary: str,
        replies: Iterable[str] = (),
        **further: Any,
    ) -> None:
        """Add an operation: the application receives some messages, and replies."""
        answers = _messages(channel, replies)
        reply = {"reply": {"channel": _channel(channel), "messages": answers}} if answers else {}
        self.operations[name] = {
            "action": "receive",
            "summary": summary,
            "channel": _channel(channel),
            "messages": _messages(channel, messages),
            **reply,
            **further,
        }

    def add_messages(self, messages: Mapping[str, Message]) -> list[str]:
        """Add messages; their names."""
        self.messages |= messages
        return list(messages)


def _channel(name: str) -> Json:
    return {"$ref": f"#/channels/{name}"}


def _messages(channel: str, names: Iterable[str]) -> list[Json]:
    return [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names]
