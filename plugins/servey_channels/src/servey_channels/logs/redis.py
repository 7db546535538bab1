"""A log in Redis: for any number of machines."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from secrets import token_hex
from typing import Any

from redis import ConnectionPool, Redis
from redis.asyncio import BlockingConnectionPool
from redis.asyncio import Redis as AsyncRedis
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from servey_channels.logs.base import (
    MOST_REPLAYED,
    Deliver,
    Entry,
    EventLog,
    Health,
    Replay,
    may_replay,
    replay_of,
)
from servey_channels.logs.outages import Outages
from servey_channels.logs.redis_scripts import (
    APPEND,
    RENEW,
    SINCE,
    Reading,
    entry_of,
    fields_of,
    position_of,
    words_of,
)
from servey_core import History, Position, SettingsError, Unavailable
from servey_core.per_loop import PerLoop
from servey_core.settings import SecretUrl

PREFIX = "servey:events:"
"""What the log's keys begin with, among others in the same database."""

TIMEOUT = 5.0
"""How long a connection and an answer are waited for, each, in seconds."""

_WAIT_MILLISECONDS = 1000
_PAUSE = 0.2
_AT_ONCE = 1000
_LOOK_SECONDS = 1.0


class RedisLog(EventLog):
    """Keeps events in a Redis ≥ 6.2 or a Valkey, where no cluster shares the keys out.

    How much survives a crash of the Redis is its own setting; where it has lost the log, or the
    last events of it, the epoch is another.

    Args:
        url: Where it is: `redis://`, `rediss://` for TLS.
        channels: The names of the channels to follow.
        prefix: What the keys begin with.

    Raises:
        SettingsError: The URL does not do.
    """

    def __init__(self, url: str, channels: Sequence[str], *, prefix: str = PREFIX) -> None:
        self._url = SecretUrl(url)
        self._channels = list(channels)
        self._prefix = prefix
        self._clients = PerLoop(self._new_client, AsyncRedis.aclose)
        self._outages = Outages("redis", self._url, RedisError, OSError)
        try:
            self._blocking = Redis.from_pool(
                ConnectionPool.from_url(
                    url,
                    socket_timeout=TIMEOUT,
                    socket_connect_timeout=TIMEOUT,
                    retry=Retry(NoBackoff(), 0),
                    protocol=2,
                )
            )
        except (ValueError, TypeError, RedisError) as error:
            raise SettingsError(
                f"The events' URL is '{self._url}', which redis-py does not take: {error}. "
                "It may be such as `redis://user:password@host:6379/0`."
            ) from None

    def append(self, channel: str, event: bytes, *, target: str, history: History) -> Position:
        """Add an event; it blocks."""
        with self._outages.reporting():
            answer = self._blocking.eval(
                APPEND, 2, *self._keys(channel), *words_of(channel, event, target, history)
            )
        return position_of(answer)

    async def aappend(
        self, channel: str, event: bytes, *, target: str, history: History
    ) -> Position:
        """Add an event without blocking the event loop."""
        words = words_of(channel, event, target, history)
        return position_of(await self._run(APPEND, 2, *self._keys(channel), *words))

    async def position(self, channel: str) -> Position:
        """Where a channel is now."""
        here, _ = await self._since(channel, None, 0.0)
        return here

    async def since(self, channel: str, position: Position, history: History) -> Replay:
        """The events after a position."""
        here, found = await self._since(channel, None, 0.0)
        if may_replay(position, here, history):
            here, found = await self._since(channel, position, history.age)
        return replay_of(position, here, history, found)

    async def follow(self, deliver: Deliver, health: Health, ready: Callable[[], None]) -> None:
        """Give events as they are appended, by any process."""
        reading = Reading()
        while not _is_cancelled():
            try:
                await self._begin(reading)
                health(True)
                ready()
                await self._read(reading, deliver)
            except Unavailable:
                health(False)
                await asyncio.sleep(_PAUSE)
        raise asyncio.CancelledError

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        await self._clients.close()

    def close_blocking(self) -> None:
        """Close the other connections."""
        self._blocking.close()

    async def _begin(self, reading: Reading) -> None:
        """Read on from where that ended, or all of a log that is a new one."""
        positions = {channel: await self.position(channel) for channel in self._channels}
        epochs = {position.epoch for position in positions.values()}
        if len(epochs) > 1:
            raise Unavailable("The event log (redis) is lost just now.")
        epoch = epochs.pop() if epochs else ""
        if not reading.epoch:
            reading.seen = {channel: here.offset for channel, here in positions.items()}
        elif reading.epoch != epoch:
            reading.seen = dict.fromkeys(self._channels, 0)
        elif any(here.offset < reading.seen[channel] for channel, here in positions.items()):
            # It has come back as it was some time ago: numbers that are known would come again.
            await self._run(RENEW, 1, f"{self._prefix}numbers", epoch, self._keys("")[1])
            raise Unavailable("The event log (redis) has lost its last events.")
        reading.epoch = epoch

    async def _read(self, reading: Reading, deliver: Deliver) -> None:
        """Give events until the epoch is another."""
        names = {self._keys(channel)[1].encode(): channel for channel in self._channels}
        looked = time.monotonic()
        while not _is_cancelled():
            places = {key: f"{reading.seen[channel]}-0" for key, channel in names.items()}
            for key, found in await self._next(places):
                if not reading.take(names[key], found, deliver):
                    return
            if time.monotonic() - looked > _LOOK_SECONDS:
                looked = time.monotonic()
                if (await self.position(self._channels[0])).epoch != reading.epoch:
                    return

    async def _next(self, places: dict[Any, Any]) -> Any:
        """What comes after places in streams, once there is something, or in vain for a while."""
        return await self._answer(
            lambda client: client.xread(places, count=_AT_ONCE, block=_WAIT_MILLISECONDS)
        )

    async def _since(
        self, channel: str, position: Position | None, age: float
    ) -> tuple[Position, list[Entry]]:
        """Where a channel is, and the events after a position that are not too old."""
        after = f"{position.offset}-0" if position else ""
        words = (token_hex(8), channel, after, MOST_REPLAYED + 1)
        epoch, last, now, found = await self._run(SINCE, 2, *self._keys(channel), *words)
        here, oldest = Position(epoch.decode(), int(last)), int(now) - age
        rows = [(key, fields_of(fields)) for key, fields in found]
        recent = [entry_of(channel, *row) for row in rows if int(row[1][b"a"]) >= oldest]
        return here, recent

    def _keys(self, channel: str) -> tuple[str, str]:
        return f"{self._prefix}numbers", f"{self._prefix}stream:{channel}"

    def _new_client(self) -> AsyncRedis:
        """A client for the running event loop: a connection cannot go to another."""
        pool = BlockingConnectionPool.from_url(
            self._url.get_secret_value(),
            max_connections=16,
            timeout=TIMEOUT,
            socket_timeout=TIMEOUT,
            socket_connect_timeout=TIMEOUT,
            retry=AsyncRetry(NoBackoff(), 0),
            protocol=2,
        )
        return AsyncRedis.from_pool(pool)

    async def _run(self, script: str, *words: Any) -> Any:
        return await self._answer(lambda client: client.eval(script, *words))

    async def _answer(self, ask: Callable[[AsyncRedis], Awaitable[Any]]) -> Any:
        client = await self._clients.get()
        with self._outages.reporting():
            return await ask(client)


def _is_cancelled() -> bool:
    """Whether this task is cancelled: a time limit of redis-py can take that for its own end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
