"""How a test calls an action, or hears an event, through a surface, whichever it is.

Each plugin that brings a surface contributes one `Surface` by the hook `servey_surfaces`. By it
every example of every action becomes a test on that surface; and by each `ChannelSurface`, of the
hook `servey_channel_surfaces`, every example of a channel.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from servey_core.actions import Action
from servey_core.authorization import Authorization
from servey_core.event_channels import Channel


@dataclass(frozen=True)
class Reply:
    """What came back through a surface.

    Attributes:
        result: The result as JSON values; None where there was a problem.
        problem: The problem object's members; None where there was a result.
        max_age: The caching hint's seconds; None where there is none.
        private: Whether the hint keeps the result to the caller itself.
    """

    result: Any = None
    problem: Mapping[str, Any] | None = None
    max_age: int | None = None
    private: bool = False


class Caller(Protocol):
    """Calls actions through an opened surface."""

    async def __call__(
        self, action: Action, params: Mapping[str, Any], authorization: Authorization | None
    ) -> Reply:
        """Call `action` with `params`, which are JSON values, and say what came back."""


@dataclass(frozen=True)
class Surface:
    """A place where an action meets the world.

    Attributes:
        name: What it is called in the names of tests: `rest`, `cli`, ...
        serves: Whether an action can be called through it.
        open: Makes the surface ready, and gives what calls actions through it.
    """

    name: str
    serves: Callable[[Action], bool]
    open: Callable[[], AbstractAsyncContextManager[Caller]]


@dataclass(frozen=True)
class Heard:
    """What a listener of a channel heard through a surface.

    Attributes:
        events: The events, as JSON values.
        problem: The problem object's members, where it may not listen; else None.
    """

    events: tuple[Any, ...] = ()
    problem: Mapping[str, Any] | None = None


class Publisher(Protocol):
    """Publishes events to listeners of an opened surface."""

    async def __call__(
        self, channel: Channel[Any], event: Any, listeners: Sequence[Authorization | None]
    ) -> Sequence[Heard]:
        """Have everybody listen to `channel`, publish `event`, and say what each has heard."""


@dataclass(frozen=True)
class ChannelSurface:
    """A place where the events of a channel meet the world.

    Attributes:
        name: What it is called in the names of tests: `websocket`, ...
        serves: Whether a channel can be listened to through it.
        open: Makes the surface ready, and gives what publishes to listeners of it.
    """

    name: str
    serves: Callable[[Channel[Any]], bool]
    open: Callable[[], AbstractAsyncContextManager[Publisher]]
