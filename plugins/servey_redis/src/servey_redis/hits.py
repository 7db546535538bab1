"""Rate limits in Redis: all processes of all machines count together, by the library `limits`."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from limits.aio.storage import RedisStorage
from redis.asyncio import Redis
from redis.exceptions import RedisError

from servey_core.hits import HitCounter, HitsInMemory, Window

PREFIX = "servey:hits"
"""What keys begin with."""

PATIENCE = 1.0
"""How long an answer is waited for, in seconds."""

PAUSE = 5.0
"""For how long Redis is left alone after it failed, in seconds."""

ResultT = TypeVar("ResultT")

_log = logging.getLogger("servey.rate_limits")


class HitsInRedis(HitCounter):
    """Counts in Redis; while that does not answer, in the memory of each process.

    The moment of a hit is told by the clock of the machine that counts it, so the clocks of all
    must agree, as those of servers do.

    Args:
        client: Gives the client of the running event loop.
        place: Where it is, for the log.
    """

    def __init__(self, client: Callable[[], Awaitable[Redis]], place: str) -> None:
        self._client = client
        self._place = place
        self._storages: WeakKeyDictionary[Redis, RedisStorage] = WeakKeyDictionary()
        self._meanwhile = HitsInMemory()
        self._paused_until = 0.0

    async def look(self, key: str, limit: int, seconds: int) -> Window:
        """What `key` was hit lately."""

        async def look(storage: RedisStorage) -> Window:
            oldest, used = await storage.get_moving_window(key, limit, seconds)
            return Window(used, min(seconds, oldest + seconds - time.time()))

        return await self._answer(look, lambda: self._meanwhile.look(key, limit, seconds))

    async def take(self, key: str, limit: int, seconds: int) -> bool:
        """Count a hit where there are fewer than `limit`."""
        return await self._answer(
            lambda storage: storage.acquire_entry(key, limit, seconds),
            lambda: self._meanwhile.take(key, limit, seconds),
        )

    async def _answer(
        self,
        ask: Callable[[RedisStorage], Awaitable[ResultT]],
        instead: Callable[[], Awaitable[ResultT]],
    ) -> ResultT:
        if time.monotonic() < self._paused_until:
            return await instead()
        try:
            async with asyncio.timeout(PATIENCE):
                return await ask(await self._storage())
        except (RedisError, OSError) as error:  # TimeoutError is one
            self._paused_until = time.monotonic() + PAUSE
            _log.warning(
                "Rate limits cannot be counted in %s, so each process counts for itself: %s",
                self._place,
                str(error) or "no answer",
            )
            return await instead()

    async def _storage(self) -> RedisStorage:
        client = await self._client()
        storage = self._storages.get(client)
        if storage is None:
            options: dict[str, Any] = {"connection_pool": client.connection_pool}
            storage = self._storages[client] = RedisStorage(
                "redis://", implementation="redispy", key_prefix=PREFIX, **options
            )
        return storage
