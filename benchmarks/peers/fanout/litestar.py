"""Litestar's channels, in memory, with the websocket handlers that they bring."""

from typing import Any

from litestar import Litestar
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.memory import MemoryChannelsBackend

from peers.fanout.contract import CHANNEL, Application, PublishingApp


def application() -> Application:
    """The plugin alone."""
    channels = ChannelsPlugin(
        MemoryChannelsBackend(), channels=[CHANNEL], create_ws_route_handlers=True
    )

    async def publish(event: dict[str, Any]) -> None:
        await channels.wait_published(event, CHANNEL)

    return PublishingApp(publish, Litestar(plugins=[channels]))
