"""The thread that does all input and output with RabbitMQ."""

import asyncio
import logging
import socket
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

_log = logging.getLogger("servey.jobs")


class _Loop(asyncio.SelectorEventLoop):
    """Looks names up in threads that nobody waits for, also while the program ends."""

    async def getaddrinfo(self, *arguments: Any, **named: Any) -> Any:
        """As `socket.getaddrinfo`."""
        found: Future[Any] = Future()

        def look_up() -> None:
            try:
                found.set_result(socket.getaddrinfo(*arguments, **named))
            except OSError as error:
                found.set_exception(error)

        threading.Thread(target=look_up, daemon=True).start()
        return await asyncio.wrap_future(found)


class IoThread:
    """An event loop in a thread of its own, which other threads give work to."""

    def __init__(self) -> None:
        self._loop = _Loop()
        self._posted: deque[tuple[Callable[..., None], tuple[Any, ...]]] = deque()
        self._woken = False
        self._thread = threading.Thread(target=self._run, name="servey RabbitMQ", daemon=True)
        self._thread.start()

    def post(self, callback: Callable[..., None], *arguments: object) -> None:
        """Have something called soon, in the order of posting; many at one awakening."""
        self._posted.append((callback, arguments))
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(self._call_posted)

    def start(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Have a coroutine run, after what was posted before."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def close(self) -> None:
        """Stop: what runs is cancelled."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
            tasks = asyncio.all_tasks(self._loop)
            for task in tasks:
                task.cancel()
            self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        finally:
            self._loop.close()

    def _call_posted(self) -> None:
        self._woken = False  # before any is taken, so that none is forgotten
        for _ in range(len(self._posted)):
            callback, arguments = self._posted.popleft()
            try:
                callback(*arguments)
            except Exception:  # noqa: BLE001 - others have their turn all the same
                _log.exception("What was to be done with RabbitMQ failed.")
