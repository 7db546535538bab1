"""An application with one channel, and an action that publishes to it."""

import time
from dataclasses import dataclass

from peers.fanout.contract import CHANNEL, PUBLISH, text

from servey_core import WebTrigger, action, websocket_channel


@dataclass(frozen=True)
class Message:
    """An event.

    Attributes:
        at: When it was to be published, in nanoseconds.
        text: What it says.
    """

    at: int
    text: str


messenger = websocket_channel(CHANNEL, Message)


@action(triggers=WebTrigger("POST", PUBLISH))
async def publish(size: int, count: int) -> None:
    """Publish so many events of so many bytes."""
    now = time.time_ns()
    for _ in range(count):
        await messenger.apublish(Message(now, text(size)))
