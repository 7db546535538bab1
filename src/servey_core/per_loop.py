"""What each event loop has for itself, such as connections, and gives up before it ends."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")


class PerLoop(Generic[T]):
    """One thing for each event loop, made when it is first asked for.

    It is closed by `close` or, as a loop's asynchronous generators are, before the loop ends where
    `asyncio.run` or an `asyncio.Runner` has begun it. So scripts may call `asyncio.run` over and
    over.

    Args:
        make: Makes one, for the running event loop.
        close: Closes one.
    """

    def __init__(self, make: Callable[[], T], close: Callable[[T], Awaitable[object]]) -> None:
        self._make = make
        self._close = close
        self._made: WeakKeyDictionary[asyncio.AbstractEventLoop, T] = WeakKeyDictionary()
        self._holders: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncGenerator[T]]
        self._holders = WeakKeyDictionary()

    async def get(self) -> T:
        """That of the running event loop."""
        loop = asyncio.get_running_loop()
        made = self._made.get(loop)
        if made is not None:
            return made
        holder = self._holders[loop] = self._held()
        return await anext(holder)

    async def close(self) -> None:
        """Close that of the running event loop, where there is one."""
        holder = self._holders.get(asyncio.get_running_loop())
        if holder is not None:
            await holder.aclose()

    async def _held(self) -> AsyncGenerator[T]:
        made = self._made[asyncio.get_running_loop()] = self._make()
        try:
            yield made
        finally:
            del self._made[asyncio.get_running_loop()]
            del self._holders[asyncio.get_running_loop()]
            await self._close(made)
