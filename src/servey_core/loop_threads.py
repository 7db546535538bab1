"""An event loop in a thread of its own, beside whatever else the process does."""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any

_log = logging.getLogger("servey.threads")


class LoopThread:
    """A thread that runs an event loop until it is ended; the process does not wait for it.

    What runs on the loop has context variables of its own, and not those of whoever calls it: what
    holds for a request does not hold for what the request leaves to be done.

    Args:
        name: What to call the thread.
        context: The context variables of what runs on the loop.
        close: Awaited on the loop when all else on it has ended.
    """

    def __init__(self, name: str, context: Context, close: Callable[[], Awaitable[object]]) -> None:
        self._context = context
        self._close = close
        self._ended = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., object], *args: Any) -> None:
        """Call a function on the loop, soon."""
        self._loop.call_soon_threadsafe(function, *args, context=self._context)

    def end(self, grace_seconds: float) -> None:
        """Cancel what runs on the loop, and end it; once, and by the process that began it.

        Args:
            grace_seconds: How long to wait for that; what blocks the loop is left to itself then.
        """
        self._ended = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        if threading.current_thread() is not self._thread:
            self._thread.join(grace_seconds)

    def _work(self) -> None:
        while not self._ended:
            try:
                self._loop.run_forever()
            except SystemExit as error:  # of a task; the others go on
                _log.error("A task would have exited the process with %r.", error.code)
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._close()
        await self._loop.shutdown_asyncgens()
