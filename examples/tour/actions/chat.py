"""A channel: what one client says is heard by all that listen."""

from dataclasses import dataclass

from servey_core import WEB_POST, ChannelTrigger, Example, action, websocket_channel


@dataclass(frozen=True)
class Message:
    """What somebody said.

    Attributes:
        name: Who.
        text: What.
    """

    name: str
    text: str


_HELLO = Message("Ada", "Is anybody there?")

chat = websocket_channel(
    "chat", Message, description="What is said, to all that listen.", examples=(_HELLO,)
)


@action(
    triggers=(WEB_POST, ChannelTrigger("chat")),
    tags="channels",
    examples=Example("hello", {"name": "Ada", "text": "Is anybody there?"}, _HELLO),
)
async def say(name: str, text: str) -> Message:
    """Say something to all that listen; it may be sent over the channel as well."""
    message = Message(name, text)
    await chat.apublish(message)
    return message
