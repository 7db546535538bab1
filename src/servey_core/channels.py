"""Event channels: where an application sends what happens, without knowing who takes it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from servey_core.enqueueing import aenqueue, enqueue
from servey_core.job_handles import Job

EventT = TypeVar("EventT")


@dataclass(frozen=True)
class BackgroundChannel(Generic[EventT]):
    """Runs an action in the background for each event.

    Attributes:
        action: The function of the action; its one argument is the event.
    """

    action: Callable[[EventT], Any]

    def publish(self, event: EventT) -> Job[Any]:
        """Send an event, and give the job that takes it; it blocks, see `enqueue`.

        Raises:
            InvalidInput: The event is not what the action takes.
            Unavailable: The queue cannot be used just now.
            ConfigurationError: The function is no action, or takes no event.
        """
        return enqueue(self.action, event)

    async def apublish(self, event: EventT) -> Job[Any]:
        """Send an event without blocking the event loop; it is `publish` otherwise."""
        return await aenqueue(self.action, event)


def background_channel(action: Callable[[EventT], Any]) -> BackgroundChannel[EventT]:
    """Make a channel whose events are taken by an action, each as a background job.

    Args:
        action: The function of the action; its one argument is the event.
    """
    return BackgroundChannel(action)
