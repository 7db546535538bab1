"""Messages on their way to clients: made once, in each form that is needed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from servey_channels.hub.frames import framed


@dataclass(eq=False)
class Outgoing:
    """A message for clients.

    Attributes:
        text: The whole of it, as JSON.
        kind: Its type.
        id: Where the channel is after it, as `<epoch>:<offset>`; empty where it says nothing of it.
        event: An event alone, as JSON; empty for other messages.
    """

    text: bytes
    kind: str
    id: bytes = b""
    event: bytes = b""

    @cached_property
    def frame(self) -> bytes:
        """The same as a websocket frame."""
        return framed(self.text)

    @cached_property
    def server_sent(self) -> bytes:
        """The same as a server-sent event (HTML Living Standard, section 9.2)."""
        place = b"id: %b\n" % self.id if self.id else b""
        if self.event:
            return b"%bdata: %b\n\n" % (place, self.event)
        return b"%bevent: %b\ndata: %b\n\n" % (place, self.kind.encode(), self.text)


class Batch:
    """Messages that go out together.

    Args:
        messages: The messages.
    """

    def __init__(self, messages: Sequence[Outgoing]) -> None:
        self.messages = messages

    @cached_property
    def frames(self) -> bytes:
        """All of them as websocket frames."""
        return b"".join([one.frame for one in self.messages])

    @cached_property
    def server_sent(self) -> bytes:
        """All of them as server-sent events."""
        return b"".join([one.server_sent for one in self.messages])
