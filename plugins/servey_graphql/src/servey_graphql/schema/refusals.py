"""What an application has that GraphQL cannot say."""

from typing import Any

from servey_core import Action, ActionError, Channel, ConfigurationError
from servey_core.event_channels import ChannelError

Giver = Action | Channel[Any]
"""What gives a field of the schema's roots."""


class SchemaError(ActionError):
    """An action takes or gives what GraphQL cannot express, or names it as something else is."""

    def __init__(self, action: Action, reason: str) -> None:
        super().__init__(action.name, action.place, f"its GraphQL field cannot be made: {reason}")


class SubscriptionError(ChannelError):
    """A channel's events are what GraphQL cannot express, or are named as something else is."""

    def __init__(self, channel: Channel[Any], reason: str) -> None:
        super().__init__(
            f"Channel {channel.name!r} ({channel.place}): its GraphQL field cannot be made: "
            f"{reason}"
        )


def refusal(giver: Giver, reason: str) -> ConfigurationError:
    """The error of what gives a field that cannot be made."""
    if isinstance(giver, Action):
        return SchemaError(giver, reason)
    return SubscriptionError(giver, reason)
