"""What an application has to describe."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from servey_channels.asyncapi.schemas import Schemas
from servey_channels.asyncapi.security import Schemes
from servey_core import Invoker, WebsocketChannel


@dataclass(frozen=True)
class Source:
    """What there is to describe.

    Attributes:
        path: The path that clients connect to.
        channels: The channels that they may subscribe to.
        inbound: What runs for what they send, by the name of the channel.
        schemas: The schemas of all that.
        schemes: The ways to be let in, by name.
    """

    path: str
    channels: tuple[WebsocketChannel[Any], ...]
    inbound: Mapping[str, Invoker]
    schemas: Schemas
    schemes: Schemes
