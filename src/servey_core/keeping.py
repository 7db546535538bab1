"""Results that are kept on the server for a while, so that the same call need not run again."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import timedelta
from typing import Generic, TypeVar

from servey_core.durations import seconds_of

T = TypeVar("T")


@dataclass(frozen=True)
class ServerCache:
    """Results are kept on the server, each for the same arguments and the same caller.

    Each process keeps its own. Calls that come while the first one runs wait for its result.
    Failures are not kept.

    Attributes:
        ttl: For how long a result is kept, in seconds or as a `timedelta`.
        max_entries: How many results are kept; beyond that, the one that was not asked for the
            longest goes.
    """

    ttl: float | timedelta
    max_entries: int = 1024

    def __post_init__(self) -> None:
        if seconds_of(self.ttl) == 0:
            raise ValueError("A result that is kept for no time need not be kept at all.")
        if self.max_entries < 1:
            raise ValueError(f"max_entries is a number from 1 upwards, not {self.max_entries!r}.")


class KeptResults(Generic[T]):
    """The kept results of one action, for one event loop at a time.

    Args:
        rule: How long, and how many.
        clock: Tells the time in seconds, and never goes back.
    """

    def __init__(self, rule: ServerCache, clock: Callable[[], float] = time.monotonic) -> None:
        self._ttl = seconds_of(rule.ttl)
        self._max_entries = rule.max_entries
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._runs: dict[Hashable, _Run[T]] = {}
        self._tasks: set[asyncio.Task[T]] = set()

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """The result that is kept for `key`, or else the one that `make` makes.

        Calls with one key share one run of `make`, its result or its failure. It runs with the
        context variables of the first of them, and is cancelled when the last of them is.

        Args:
            key: What stands for the arguments and the caller.
            make: Makes the result.
        """
        kept = self._kept.get(key)
        if kept is not None and self._clock() < kept[0]:
            self._kept.move_to_end(key)
            return kept[1]
        run = self._runs.get(key)
        if run is None or run.is_over():
            run = self._runs[key] = _Run(self._start(key, make))
        return await self._share(run, key)

    def _start(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        task = asyncio.get_running_loop().create_task(self._make(key, make))
        self._tasks.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(self._tasks.discard)
        return task

    async def _make(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        try:
            value = await make()
        finally:
            run = self._runs.get(key)
            if run is not None and run.task is asyncio.current_task():
                del self._runs[key]
        self._kept[key] = self._clock() + self._ttl, value
        self._kept.move_to_end(key)
        if len(self._kept) > self._max_entries:
            self._kept.popitem(last=False)
        return value

    async def _share(self, run: "_Run[T]", key: Hashable) -> T:
        """Wait for a run; who is the last to leave it cancels it."""
        run.waiters += 1
        try:
            await asyncio.wait((run.task,))
        finally:
            run.waiters -= 1
            if not run.waiters and not run.task.done():
                run.task.cancel()
                if self._runs.get(key) is run:
                    del self._runs[key]
        return run.task.result()


class _Run(Generic[T]):
    """One run that calls wait for."""

    __slots__ = ("task", "waiters")

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiters = 0

    def is_over(self) -> bool:
        """Whether nothing more will come of it: it has ended, or its event loop has."""
        return self.task.done() or self.task.get_loop() is not asyncio.get_running_loop()
