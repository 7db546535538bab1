"""The fields of `Subscription`: one for each websocket channel whose events are delivered."""

from typing import Any, TypeAlias

from servey_core import Runtime, WebsocketChannel
from servey_graphql.contexts import EventContext, OperationContext
from servey_graphql.resolvers import ActionField
from servey_graphql.schema.names import camel_case
from servey_graphql.schema.types import OutputField, Shape

AnyChannel: TypeAlias = WebsocketChannel[Any]


def subscription_channels(runtime: Runtime) -> list[AnyChannel]:
    """The channels that can be subscribed to, by name.

    Args:
        runtime: The application; where no plugin delivers channels, there are none.
    """
    found = [
        one
        for one in runtime.channels.values()
        if isinstance(one, WebsocketChannel) and runtime.delivers(one)
    ]
    return sorted(found, key=lambda one: one.name)


def subscription_field(channel: AnyChannel, shape: Shape) -> OutputField:
    """The field of a channel.

    Args:
        channel: The channel.
        shape: The type of its events.
    """
    convert = shape.convert

    def now(parent: Any, arguments: Any, context: OperationContext) -> Any:  # noqa: ARG001
        assert isinstance(context, EventContext)  # noqa: S101 - nothing else runs subscriptions
        event = context.event
        return event if convert is None or event is None else convert(event)

    async def start(parent: Any, arguments: Any, context: OperationContext) -> Any:
        return now(parent, arguments, context)

    return OutputField(
        camel_case(channel.name),
        shape.text.removesuffix("!"),
        ActionField(start, now),
        description=channel.description,
    )
