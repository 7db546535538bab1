"""What clients are sent."""

import json
from collections.abc import Mapping
from typing import Any

from servey_channels.hub.batches import Batch, Outgoing
from servey_channels.hub.frames import event_text
from servey_channels.logs.base import Entry
from servey_core import Position


def event_message(entry: Entry, epoch: str) -> Outgoing:
    """An event."""
    place = _id(Position(epoch, entry.offset))
    return Outgoing(event_text(entry, epoch), "event", place, entry.event)


def told(message: Mapping[str, Any]) -> Batch:
    """Any other message, which has a `type`, alone."""
    return Batch([_outgoing(message)])


def told_place(message: Mapping[str, Any], place: Position) -> Batch:
    """A message that says where a channel is, alone."""
    whole = {**message, "epoch": place.epoch, "offset": place.offset}
    return Batch([_outgoing(whole, _id(place))])


def gap_message(channel: str, place: Position) -> Batch:
    """That events before a position are missing."""
    return told_place({"type": "gap", "channel": channel}, place)


def subscribed_message(
    channel: str,
    place: Position,
    recovered: bool,  # noqa: FBT001 - as hubs announce it
    **further: Any,
) -> Batch:
    """That a client gets a channel's events from a position on."""
    head = {"type": "subscribed", "channel": channel, **further}
    return told_place({**head, "recovered": recovered}, place)


def _outgoing(message: Mapping[str, Any], place: bytes = b"") -> Outgoing:
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    return Outgoing(text.encode("utf-8", "replace"), message["type"], place)


def _id(place: Position) -> bytes:
    return b"%b:%d" % (place.epoch.encode(), place.offset)
