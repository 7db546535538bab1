"""What the log in Redis asks of it, and how it reads the answers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

from servey_channels.logs.base import Deliver, Entry
from servey_core import History, Position

LEAST_EVENTS = 1000
"""How many events of a channel are kept at least, so that all processes hear of them."""

LEAST_SECONDS = 60
"""For how long they are kept at least, after the last of them."""

_HERE = """
local epoch = redis.call('HGET', KEYS[1], '')
if not epoch then
  epoch = ARGV[1]
  redis.call('HSET', KEYS[1], '', epoch)
end
"""
"""The epoch is where the numbers are, so that both are lost together."""

APPEND = (
    _HERE
    + """
local number = redis.call('HINCRBY', KEYS[1], ARGV[2], 1)
if number == 1 then redis.call('DEL', KEYS[2]) end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], number .. '-0',
  'e', ARGV[3], 't', ARGV[4], 'a', redis.call('TIME')[1], 'p', epoch)
redis.call('EXPIRE', KEYS[2], ARGV[6])
return {epoch, number}
"""
)
"""Keys: numbers, stream. Arguments: an epoch where there is none, channel, event, target, how many
events to keep, and for how many seconds."""

SINCE = (
    _HERE
    + """
local last = redis.call('HGET', KEYS[1], ARGV[2]) or 0
local found = {}
if ARGV[3] ~= '' then
  found = redis.call('XRANGE', KEYS[2], '(' .. ARGV[3], '+', 'COUNT', ARGV[4])
end
return {epoch, last, redis.call('TIME')[1], found}
"""
)
"""Keys: as above. Arguments: an epoch where there is none, channel, what to find events after or
nothing, how many."""

RENEW = """
if redis.call('HGET', KEYS[1], '') == ARGV[1] then
  for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do redis.call('DEL', ARGV[2] .. name) end
  redis.call('DEL', KEYS[1])
end
"""
"""Key: numbers. Arguments: the epoch that ends, what the keys of streams begin with."""


def words_of(channel: str, event: bytes, target: str, history: History) -> tuple[Any, ...]:
    """The arguments of `APPEND`."""
    size = max(history.size, LEAST_EVENTS)
    return token_hex(8), channel, event, target, size, max(LEAST_SECONDS, round(history.age))


def position_of(answer: Any) -> Position:
    """What `APPEND` answers."""
    epoch, number = answer
    return Position(epoch.decode(), int(number))


def fields_of(fields: Any) -> dict[bytes, bytes]:
    """An entry's fields; scripts give them as a list."""
    return fields if isinstance(fields, dict) else dict(zip(fields[::2], fields[1::2], strict=True))


def entry_of(channel: str, key: bytes, fields: dict[bytes, bytes]) -> Entry:
    """One entry of a stream."""
    number = int(key.partition(b"-")[0])
    return Entry(channel, number, fields[b"e"], fields[b"t"].decode())


@dataclass
class Reading:
    """How far somebody has read who follows: the epoch, and the last event of each channel."""

    epoch: str = ""
    seen: dict[str, int] = field(default_factory=dict)

    def take(self, channel: str, found: Iterable[tuple[bytes, Any]], deliver: Deliver) -> bool:
        """Deliver events of this epoch; whether all were."""
        rows = [(key, fields_of(fields)) for key, fields in found]
        epoch = self.epoch.encode()
        entries = [entry_of(channel, key, fields) for key, fields in rows if fields[b"p"] == epoch]
        if len(entries) < len(rows):
            return False
        self.seen[channel] = entries[-1].offset
        deliver(self.epoch, entries)
        return True
