"""The first surface of channels: the channel itself, with nothing that delivers its events.

An event is written and read again, which all that deliver it do.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic_core import from_json

from servey_core.access import authorise
from servey_core.authorization import Authorization
from servey_core.errors import ProblemError
from servey_core.event_channels import Channel
from servey_core.problems import Problem
from servey_core.surfaces import ChannelSurface, Heard, Publisher
from servey_core.websocket_channels import WebsocketChannel

EVENT = "event"
"""The name of the surface."""


def event_surface() -> ChannelSurface:
    """The surface that every channel has."""

    async def publish(
        channel: Channel[Any], event: Any, listeners: Sequence[Authorization | None]
    ) -> Sequence[Heard]:
        read = channel.from_json(channel.to_json(event))
        return [_heard(channel, read, listener) for listener in listeners]

    @asynccontextmanager
    async def opened() -> AsyncIterator[Publisher]:
        yield publish

    return ChannelSurface(EVENT, serves=lambda _: True, open=opened)


def _heard(channel: Channel[Any], event: Any, listener: Authorization | None) -> Heard:
    if isinstance(channel, WebsocketChannel):
        try:
            authorise(channel.access_control, listener)
        except ProblemError as error:
            return Heard(problem=Problem.of(error).to_dict())
        if channel.event_filter is not None and not channel.event_filter(event, listener):
            return Heard()
    return Heard((from_json(channel.to_json(event)),))
