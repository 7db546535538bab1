"""Arq as it comes, but that no results are kept."""

from collections.abc import Iterable
from typing import Any

from arq import create_pool
from arq.connections import RedisSettings

from peers.jobs.contract import AsyncLibrary
from peers.jobs.work import BROKER_URL, work

_REDIS = RedisSettings.from_dsn(BROKER_URL)


async def job(context: dict[Any, Any], number: int) -> None:  # noqa: ARG001
    """Take note."""
    work(number)


class Worker:
    """The worker's settings."""

    functions = (job,)
    redis_settings = _REDIS
    keep_result = 0


QUIET = {"version": 1}
"""The configuration of the worker's logs, which would have two lines for each job."""


class Arq(AsyncLibrary):
    """Enqueues over one pool."""

    async def connect(self) -> None:
        """Open the pool."""
        self._pool = await create_pool(_REDIS)

    async def send(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""
        for number in numbers:
            await self._pool.enqueue_job("job", number)

    async def disconnect(self) -> None:
        """Close the pool."""
        await self._pool.aclose()
