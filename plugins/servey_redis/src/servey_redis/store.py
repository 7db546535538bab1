"""State in Redis: for all processes of all machines."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from servey_core import SettingsError, StateStore, Unavailable
from servey_core.hits import HitCounter
from servey_core.per_loop import PerLoop
from servey_core.settings import SecretUrl

PREFIX = "servey:"
"""What the store's keys begin with, among others in the same database."""

MAX_CONNECTIONS = 32
"""How many connections one event loop has open at most; more operations wait for one."""

TIMEOUT = 5.0
"""How long a connection, an answer, and a free connection are waited for, each, in seconds."""

_ADD = """
local present = redis.call('GET', KEYS[1])
if not present then redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return present
"""
_REPLACE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
_REMOVE = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""

_log = logging.getLogger("servey.state")


class RedisStore(StateStore):
    """Keeps values in a Redis, or in what speaks its protocol.

    How much survives a crash of the Redis is its own setting: with `appendonly yes`, all but the
    last second, and with `appendfsync always`, all. Where it may run out of memory, its
    `maxmemory-policy` must not evict.

    Args:
        url: Where it is: `redis://`, `rediss://` for TLS.
    """

    def __init__(self, url: SecretUrl) -> None:
        self._url = url
        self._clients = PerLoop(self._new_client, Redis.aclose)

    async def get(self, key: str) -> bytes | None:
        """The value of `key`; None where there is none."""
        found: bytes | None = await self._answer(lambda client: client.get(PREFIX + key))
        return found

    async def add(self, key: str, value: bytes, seconds: float) -> bytes | None:
        """Set `key` where it is absent; else give what is there."""
        present: bytes | None = await self._run(_ADD, key, value, _milliseconds(seconds))
        return present

    async def replace(self, key: str, expected: bytes, value: bytes, seconds: float) -> bool:
        """Set `key` anew where its value is `expected`."""
        return bool(await self._run(_REPLACE, key, expected, value, _milliseconds(seconds)))

    async def remove(self, key: str, expected: bytes) -> bool:
        """Remove `key` where its value is `expected`."""
        return bool(await self._run(_REMOVE, key, expected))

    async def close(self) -> None:
        """Close the connections of the running event loop."""
        await self._clients.close()

    def hit_counter(self) -> HitCounter:
        """What counts calls for rate limits: one count for all processes."""
        from servey_redis.hits import HitsInRedis

        return HitsInRedis(self._clients.get, str(self._url))

    def _new_client(self) -> Redis:
        """A client for the running event loop: a connection cannot go to another."""
        return Redis.from_pool(connection_pool(self._url))

    async def _run(self, script: str, key: str, *arguments: Any) -> Any:
        """Run a script on the server, where nothing comes between its steps."""
        return await self._answer(lambda client: client.eval(script, 1, PREFIX + key, *arguments))

    async def _answer(self, ask: Callable[[Redis], Awaitable[Any]]) -> Any:
        client = await self._clients.get()
        try:
            return await ask(client)
        except (RedisError, OSError) as error:
            _log.error("The state in %s cannot be used: %s", self._url, error)
            raise Unavailable("The state store (redis) cannot be used just now.") from error


def build_redis_store(url: str) -> RedisStore:
    """Make the store that a URL names; it connects later.

    Raises:
        SettingsError: The URL does not do.
    """
    secret = SecretUrl(url)
    try:
        connection_pool(secret).make_connection()  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, RedisError) as error:
        raise SettingsError(
            f"SERVEY_STATE is '{secret}', which redis-py does not take: {error}. "
            "It may be such as `redis://user:password@host:6379/0`."
        ) from None
    return RedisStore(secret)


def connection_pool(url: SecretUrl) -> BlockingConnectionPool:
    """A pool for one event loop.

    Nothing is tried twice: whether an operation whose answer was lost has happened is not known,
    and a second `add` would find the first one's value.

    Raises:
        ValueError: The URL cannot be read.
    """
    return BlockingConnectionPool.from_url(
        url.get_secret_value(),
        max_connections=MAX_CONNECTIONS,
        timeout=TIMEOUT,
        socket_timeout=TIMEOUT,
        socket_connect_timeout=TIMEOUT,
        retry=Retry(NoBackoff(), 0),
        protocol=2,  # with 3, redis-py 8.1 does not look whether the server has hung up meanwhile
    )


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))
