"""What there is to test of channels: each example, on each surface that serves the channel."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from servey_core.event_channels import Channel
from servey_core.examples import EventExample
from servey_core.surfaces import ChannelSurface


@dataclass(frozen=True)
class EventCase:
    """One example of a channel, on one surface.

    Attributes:
        channel: The channel.
        example: The example.
        surface: The surface.
    """

    channel: Channel[Any]
    example: EventExample[Any]
    surface: ChannelSurface

    def __str__(self) -> str:
        return f"{self.subject}[{self.example.name}-{self.surface.name}]"

    @property
    def subject(self) -> str:
        """The name of what the example is of."""
        return self.channel.name

    @property
    def place(self) -> str:
        """Where that was declared, as `file:line`; empty where nobody knows."""
        return self.channel.place

    @cached_property
    def event(self) -> Any:
        """The event as JSON values, as each listener should hear it.

        Raises:
            InvalidInput: It is not of the channel's type.
        """
        return json.loads(self.channel.to_json(self.example.event))
