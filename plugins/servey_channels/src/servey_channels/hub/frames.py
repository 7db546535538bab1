"""Events as JSON, and messages as websocket frames, each made once for all clients."""

import struct

from servey_channels.logs.base import Entry

_TEXT = 0x81  # the last frame of a text message (RFC 6455, section 5.2)
_SHORT, _MEDIUM = 126, 1 << 16


def event_text(entry: Entry, epoch: str) -> bytes:
    """An event as clients see it: the event itself is put in as it is."""
    return b'{"type":"event","channel":"%b","epoch":"%b","offset":%d,"data":%b}' % (
        entry.channel.encode(),
        epoch.encode(),
        entry.offset,
        entry.event,
    )


def framed(text: bytes) -> bytes:
    """A text message as one frame, as a server sends it (RFC 6455, section 5.2)."""
    size = len(text)
    if size < _SHORT:
        return bytes((_TEXT, size)) + text
    if size < _MEDIUM:
        return struct.pack("!BBH", _TEXT, 126, size) + text
    return struct.pack("!BBQ", _TEXT, 127, size) + text
