"""Events, with what is made of each once for all subscribers."""

import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from servey_channels.hub.batches import Batch, Outgoing
from servey_channels.hub.messages import event_message
from servey_channels.logs.base import Entry
from servey_core import InvalidInput, WebsocketChannel

_log = logging.getLogger("servey.channels")

_MOST_BYTES = 256 * 1024


def portions(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Events in portions of bounded size, as clients are sent them at once."""
    begin = size = 0
    for number, entry in enumerate(entries):
        size += len(entry.event)
        if size > _MOST_BYTES and number > begin:
            yield entries[begin:number]
            begin, size = number, len(entry.event)
    if begin < len(entries):
        yield entries[begin:]


class Made:
    """Some events of a channel, one after the other.

    Args:
        channel: The channel.
        epoch: Their epoch.
        entries: The events; at least one.

    Attributes:
        epoch: The same.
        first: The offset of the first one.
        last: The offset of the last one.
        messages: What is sent for each.
        alike: Whether all subscribers get all of them.
    """

    def __init__(
        self, channel: WebsocketChannel[Any], epoch: str, entries: Sequence[Entry]
    ) -> None:
        self.epoch = epoch
        self.first, self.last = entries[0].offset, entries[-1].offset
        self.messages = [event_message(entry, epoch) for entry in entries]
        self.alike = channel.event_filter is None and not any(one.target for one in entries)
        self._channel = channel
        self._entries = entries

    @cached_property
    def batch(self) -> Batch:
        """All of them."""
        return Batch(self.messages)

    @cached_property
    def size(self) -> int:
        """How many bytes they take."""
        return sum(len(message.text) for message in self.messages)

    def read(self) -> Iterator[tuple[Entry, Any, Outgoing]]:
        """Those that can be read: as logs have them, as filters see them, and as they are sent."""
        for entry, event, message in zip(self._entries, self._events, self.messages, strict=True):
            if event is not _UNREADABLE:
                yield entry, event, message

    @cached_property
    def _events(self) -> list[Any]:
        return [self._read(entry) for entry in self._entries]

    def _read(self, entry: Entry) -> Any:
        if self._channel.event_filter is None:
            return None
        try:
            return self._channel.from_json(entry.event)
        except InvalidInput as error:
            _log.error("An event of %r is not of its type: %s", entry.channel, error)
            return _UNREADABLE


_UNREADABLE = object()
