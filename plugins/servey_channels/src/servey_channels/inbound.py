"""What clients send to channels: it runs the actions that are bound to them."""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json
from starlette.types import Scope

from servey_core import (
    Authorization,
    Binding,
    ChannelTrigger,
    ConfigurationError,
    Context,
    Invoker,
    NotFound,
    Runtime,
)
from servey_web import instance_of

SURFACE = "channel"
"""What inbound channels are called where surfaces are named."""


class Inbound:
    """The actions that receive what clients send.

    Args:
        runtime: The application.

    Raises:
        ConfigurationError: Two actions receive from one channel.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._invokers: dict[str, Invoker] = {}
        for binding in channel_bindings(runtime):
            assert isinstance(binding.trigger, ChannelTrigger)  # noqa: S101
            name, invoker = binding.trigger.channel, runtime.invoker(binding.action.name)
            if other := self._invokers.get(name):
                raise ConfigurationError(
                    f"Two actions receive from the channel {name!r}: {other.action.name!r} "
                    f"({other.action.place}) and {binding.action.name!r} ({binding.action.place})."
                )
            self._invokers[name] = invoker

    @property
    def actions(self) -> Mapping[str, Invoker]:
        """What runs for each channel, by its name."""
        return self._invokers

    async def receive(
        self, channel: str, data: Any, authorization: Authorization | None, scope: Scope
    ) -> Any:
        """Run the action of a channel.

        Args:
            channel: The channel's name.
            data: The action's arguments, as JSON values.
            authorization: Who sends.
            scope: The handshake.

        Returns:
            The result, as JSON values.

        Raises:
            ProblemError: It did not succeed.
        """
        invoker = self._invokers.get(channel)
        if invoker is None:
            raise NotFound("This channel takes nothing from clients.")
        client = scope.get("client")
        context = Context(
            authorization,
            SURFACE,
            instance_of(scope),
            address=client[0] if client else None,
        )
        text = to_json({} if data is None else data)
        outcome = await invoker.invoke(invoker.signature.from_json, text, context)
        return from_json(outcome.to_json())


def channel_bindings(runtime: Runtime) -> tuple[Binding, ...]:
    """The bindings of actions that receive what clients send."""
    return tuple(one for one in runtime.bindings if isinstance(one.trigger, ChannelTrigger))
