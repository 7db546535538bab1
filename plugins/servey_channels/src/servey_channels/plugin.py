"""The plugin: what is slow to import is imported by the hook that needs it."""

from typing import TYPE_CHECKING, Any

from servey_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import click

    from servey_core import (
        Action,
        Artifact,
        Channel,
        ChannelSurface,
        ChannelTransport,
        ChannelTransportFactory,
        Command,
        Generator,
        Runtime,
        Settings,
        SettingsGroup,
        Surface,
    )
    from servey_web import WebMount, WebRoute


@hookimpl
def servey_settings() -> "Iterable[type[SettingsGroup]]":
    """Where events go, and how many clients there may be."""
    from servey_channels.settings import ChannelSettings
    from servey_channels.webhooks.settings import WebhookSettings

    return [ChannelSettings, WebhookSettings]


@hookimpl
def servey_channel_transports(
    settings: "Settings",  # noqa: ARG001 - the hook gives it
) -> "Iterable[ChannelTransportFactory]":
    """What delivers to websocket clients, and to the subscribers of webhooks."""
    from servey_core import ChannelTransportFactory, WebhookChannel, WebsocketChannel

    return [
        ChannelTransportFactory(WebsocketChannel, _websocket_transport),
        ChannelTransportFactory(WebhookChannel, _webhook_transport),
    ]


@hookimpl
def servey_actions(channels: "Sequence[Channel[Any]]") -> "Iterable[Action]":
    """What the jobs run that deliver webhooks, where there are any."""
    from servey_core import WebhookChannel, action_of

    if not any(isinstance(one, WebhookChannel) for one in channels):
        return []
    from servey_channels.webhooks.extra import extra

    with extra("Delivering webhooks"):
        from servey_channels.webhooks.jobs import servey_deliver_webhook
    found = action_of(servey_deliver_webhook)
    assert found is not None  # noqa: S101 - it is decorated
    return [found]


@hookimpl
def servey_web_routes(runtime: "Runtime") -> "Iterable[WebMount | WebRoute]":
    """Where clients connect, the page that says how, and where webhooks are received."""
    from servey_channels.app import channels_mount
    from servey_channels.studio import studio_routes
    from servey_channels.webhooks.inbound import webhook_routes
    from servey_core import WebhookChannel

    for channel in runtime.channels.values():
        if isinstance(channel, WebhookChannel):
            runtime.transport_of(channel)  # what is wrong with its secrets is wrong now
    return [*channels_mount(runtime), *studio_routes(runtime), *webhook_routes(runtime)]


@hookimpl
def servey_generators() -> "Iterable[Generator]":
    """The generator `asyncapi`."""
    from servey_core import Generator

    return [Generator("asyncapi", "The channels as an AsyncAPI 3.0 document.", _asyncapi)]


@hookimpl
def servey_commands() -> "Iterable[Command]":
    """The command `publish`."""
    from servey_core import Command

    return [Command("publish", "Send an event to a channel's subscribers.", _publish)]


@hookimpl
def servey_surfaces(runtime: "Runtime") -> "Iterable[Surface]":
    """The surface `channel`."""
    from servey_channels.surface import channel_surface

    return [channel_surface(runtime)]


@hookimpl
def servey_channel_surfaces(runtime: "Runtime") -> "Iterable[ChannelSurface]":
    """The surface `websocket`."""
    from servey_channels.surface import event_surface

    return [event_surface(runtime)]


def _publish() -> "click.Command":
    from servey_channels.commands.publish import publish

    return publish


def _websocket_transport(runtime: "Runtime") -> "ChannelTransport":
    from servey_channels.logs.choosing import log_of
    from servey_channels.transport import WebsocketTransport

    return WebsocketTransport(log_of(runtime))


def _asyncapi(runtime: "Runtime") -> "Sequence[Artifact]":
    from servey_channels.asyncapi import asyncapi_text
    from servey_core import Artifact

    return [Artifact("asyncapi.json", asyncapi_text(runtime))]


def _webhook_transport(runtime: "Runtime") -> "ChannelTransport":
    from servey_channels.webhooks.transport import WebhookTransport

    return WebhookTransport(runtime)
