"""Event channels: named streams of what happens, for whoever is listening; as plain data."""

import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, SchemaValidator, from_json

from servey_core.authorization import Authorization
from servey_core.base64s import reading_base64
from servey_core.errors import ConfigurationError, InvalidInput, Unavailable
from servey_core.examples import EventExample
from servey_core.naming import CHANNEL_NAME
from servey_core.refusals import invalid_input
from servey_core.serialising import json_writer

if TYPE_CHECKING:
    from servey_core.runtime import Runtime

EventT = TypeVar("EventT")


class ChannelError(ConfigurationError):
    """A channel's declaration cannot work."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where an event stands among those of its channel.

    Attributes:
        epoch: Names the history; another one means that what was before is not known any more.
        offset: The number of the event in it, from 1.
    """

    epoch: str
    offset: int


@dataclass(frozen=True, eq=False)
class Channel(Generic[EventT]):
    """A named stream of events of one type.

    Attributes:
        name: A name, unique in the application: letters, digits, dots, dashes and underscores.
        event: The type of its events; any that pydantic knows.
        description: What its events are.
        examples: Events, alone or with who is told of them; for documents, the studio and tests.
        place: Where it was declared, as `file:line`.
    """

    name: str
    event: type[EventT]
    description: str = ""
    examples: tuple[EventT | EventExample[EventT], ...] = ()
    place: str = field(default="", kw_only=True)

    served_by: ClassVar[str] = ""
    """The distribution to suggest where no installed plugin delivers the channel's events."""

    def __post_init__(self) -> None:
        if not CHANNEL_NAME.fullmatch(self.name):
            raise ChannelError(
                f"Channel {self.name!r} ({self.place}): a name is made of letters, digits, dots, "
                "dashes and underscores, and begins with a letter."
            )
        names = [example.name for example in self.event_examples]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ChannelError(
                f"Channel {self.name!r} ({self.place}): two of its examples are called {twice!r}."
            )

    @cached_property
    def event_examples(self) -> tuple[EventExample[EventT], ...]:
        """The examples; an event alone is called by its number among them."""
        return tuple(
            one if isinstance(one, EventExample) else EventExample(str(number), one)
            for number, one in enumerate(self.examples, 1)
        )

    @cached_property
    def adapter(self) -> TypeAdapter[EventT]:
        """What reads and writes events.

        Raises:
            ChannelError: The type of the events cannot be validated.
        """
        try:
            return TypeAdapter(self.event)
        except PydanticUserError as error:
            reason = str(error.message).splitlines()[0].rstrip(".")
            raise ChannelError(
                f"Channel {self.name!r} ({self.place}): events of {self.event!r} cannot be "
                f"validated: {reason}."
            ) from error

    def to_json(self, event: EventT) -> bytes:
        """Write an event as JSON.

        Raises:
            InvalidInput: It is not of the channel's type.
        """
        try:
            return self._write(event)
        except PydanticSerializationError as error:
            raise InvalidInput(f"This is no event of the channel {self.name!r}: {error}") from error

    def from_json(self, text: bytes) -> EventT:
        """Read an event that `to_json` wrote, or that somebody else did.

        Raises:
            InvalidInput: It is not of the channel's type; one entry for each fault.
        """
        try:
            return self._validator.validate_json(text)  # type: ignore[no-any-return]
        except ValidationError as error:
            raise invalid_input(error, _parsed(text)) from None

    @cached_property
    def _write(self) -> Callable[[EventT], bytes]:
        return json_writer(self.adapter)

    @cached_property
    def _validator(self) -> SchemaValidator:
        return SchemaValidator(reading_base64(self.adapter.core_schema), _use_prebuilt=False)


class ChannelTransport(ABC):
    """Delivers the events of one kind of channel, to whoever is listening, in whichever process."""

    @abstractmethod
    def publish(self, channel: Channel[Any], event: bytes, connection_id: str | None = None) -> Any:
        """Send an event; it blocks.

        Args:
            channel: The channel.
            event: The event, which is JSON already.
            connection_id: The one connection that gets it, where the kind of channel has some.

        Raises:
            Unavailable: The transport cannot be used just now.
        """

    @abstractmethod
    async def apublish(
        self, channel: Channel[Any], event: bytes, connection_id: str | None = None
    ) -> Any:
        """The same without blocking the event loop."""

    def listen(
        self,
        channel: Channel[EventT],
        authorization: Authorization | None,  # noqa: ARG002 - transports that listen need it
    ) -> AbstractAsyncContextManager[AsyncIterator[EventT]]:
        """Listen to a channel: its events from now on, those that somebody gets.

        It is for surfaces that show events in forms of their own, in the event loop that the
        application is served in. The events end with `Unavailable` where some are lost, as when
        they are taken too slowly.

        Args:
            channel: The channel; that its access control allows it is known.
            authorization: Who listens, as the channel's filter sees it.

        Returns:
            What subscribes when it is entered, and unsubscribes when it is left.

        Raises:
            Unavailable: Nobody can listen here; also when it is entered.
        """
        raise Unavailable(f"The channel {channel.name!r} cannot be listened to here.")

    def close(self) -> None:  # noqa: B027 - a transport need not hold anything
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class ChannelTransportFactory:
    """What delivers the events of a kind of channel.

    Attributes:
        kind: The class of the channels.
        build: Makes the transport, and connects to nothing yet; raises `SettingsError` where the
            settings do not do.
    """

    kind: type[Channel[Any]]
    build: "Callable[[Runtime], ChannelTransport]"

    @property
    def name(self) -> str:
        """The name of the class."""
        return self.kind.__name__


def _parsed(text: bytes) -> Any:
    """The JSON values of a text; None where it is no JSON."""
    try:
        return from_json(text)
    except ValueError:
        return None


def declared_at(depth: int = 2) -> str:
    """Where the caller's caller stands, as `file:line`."""
    frame = sys._getframe(depth)  # noqa: SLF001 - the only way to it
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
