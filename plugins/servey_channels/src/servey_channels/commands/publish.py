"""`servey publish CHANNEL JSON`: an event, sent to a channel's subscribers."""

import json
from typing import Any

import click

from servey_channels.logs.memory import MemoryLog
from servey_channels.transport import WebsocketTransport
from servey_core import ProblemError, Runtime, SettingsError, UnknownNameError, WebsocketChannel
from servey_core.cli.application import Session, actions_option, runtime_of
from servey_core.cli.calling import event_bytes, refuse, write
from servey_core.cli.exits import OK


@click.command()
@click.argument("name", metavar="CHANNEL")
@click.argument("event", metavar="JSON")
@click.option("--connection-id", metavar="ID", help="The one connection that gets it.")
@click.option("--json", "as_json", is_flag=True, help="Write a problem as JSON too.")
@actions_option
@click.pass_context
def publish(  # noqa: PLR0913 - what can be said of an event
    context: click.Context,
    /,
    name: str,
    event: str,
    connection_id: str | None,
    action_path: str | None,
    *,
    as_json: bool,
) -> None:
    """Send an event to a channel, and write its position to stdout, as JSON.

    The event is JSON, and `-` reads it from stdin. It is checked as the channel's type says; a
    problem goes to stderr in words.
    """
    session = context.ensure_object(Session)
    runtime = runtime_of(context, action_path)
    channel = _channel(context, runtime, name)
    _require_lasting(runtime, channel)
    try:
        position = channel.publish(
            channel.from_json(event_bytes(event)), connection_id=connection_id
        )
    except ProblemError as error:
        context.exit(refuse(session, runtime, error, "", as_json=as_json))
    finally:
        runtime.close_transports()
    place = {"channel": channel.name, "epoch": position.epoch, "offset": position.offset}
    write(session, json.dumps(place).encode())
    context.exit(OK)


def _channel(context: click.Context, runtime: Runtime, name: str) -> WebsocketChannel[Any]:
    channels = {
        known: one for known, one in runtime.channels.items() if isinstance(one, WebsocketChannel)
    }
    if name not in channels:
        context.fail(str(UnknownNameError("websocket channel", name, channels)))
    return channels[name]


def _require_lasting(runtime: Runtime, channel: WebsocketChannel[Any]) -> None:
    transport = runtime.transport_of(channel)
    if isinstance(transport, WebsocketTransport) and isinstance(transport.log, MemoryLog):
        raise SettingsError(
            "SERVEY_CHANNELS_URL, or else SERVEY_STATE, is memory: - each process has events of "
            "its own, which no other hears of. For events that the clients of servers get, set it "
            "to sqlite:///servey.db or redis://…"
        )
