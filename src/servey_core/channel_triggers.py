"""Runs an action for what clients send, as plain data."""

from dataclasses import dataclass
from typing import ClassVar

from servey_core.naming import CHANNEL_NAME
from servey_core.triggers import Trigger


@dataclass(frozen=True)
class ChannelTrigger(Trigger):
    """Runs an action for each message that a client sends to a channel, over its websocket.

    The message's data is an object: the action's arguments, checked as on any surface. What the
    action gives is acknowledged to the client. The channel need not be one that clients can
    subscribe to.

    Attributes:
        channel: The channel's name.

    Raises:
        ValueError: It cannot be one.
    """

    served_by: ClassVar[str] = "servey-channels"

    channel: str

    def __post_init__(self) -> None:
        if not CHANNEL_NAME.fullmatch(self.channel):
            raise ValueError(
                "A channel's name is made of letters, digits, dots, dashes and underscores, and "
                f"begins with a letter: {self.channel!r}"
            )

    def __str__(self) -> str:
        return f"channel {self.channel}"
