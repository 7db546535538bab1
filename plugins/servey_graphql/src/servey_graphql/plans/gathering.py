"""The values that one execution waits for, all at the same time.

Each is completed as soon as it is there, and what that gives rise to starts at once; only batches
wait for others (see `servey_graphql.plans.held_batches`).
"""

import asyncio
from collections.abc import Awaitable, Coroutine
from itertools import repeat
from typing import TYPE_CHECKING, Any

from servey_graphql.plans.eager import start
from servey_graphql.plans.held_batches import Batches, Place, deliver, values_of

if TYPE_CHECKING:
    from servey_graphql.plans.executing import Execution

Target = Place | list[Place]
"""The place of a value, or the places of a batch's values."""


class Gathering:
    """The values that one execution waits for.

    Args:
        execution: The execution, which completes them.

    Attributes:
        expected: What is to be awaited, and where it belongs.
        batches: The parents that wait for batched fields.
    """

    __slots__ = ("_execution", "_finished", "_running", "_waiter", "batches", "expected")

    def __init__(self, execution: "Execution") -> None:
        self.expected: list[tuple[Awaitable[Any], Target]] = []
        self.batches = Batches()
        self._execution = execution
        self._running: dict[asyncio.Task[Any], Target] = {}
        self._finished: list[asyncio.Task[Any]] = []
        self._waiter: asyncio.Future[None] | None = None

    def __bool__(self) -> bool:
        return bool(self.expected or self.batches or self._running)

    async def finish(self) -> None:
        """Wait for all values, and for those that completing them gives rise to.

        When the caller is cancelled, so is everything that runs, and has ended when this raises.

        Raises:
            BaseException: What is no `Exception`, of anything that was awaited.
        """
        try:
            while self:
                if len(self.expected) == 1 and not self._running and not self.batches:
                    await self._finish_one(*self.expected.pop())
                elif self.expected:
                    self._start()
                else:
                    self._call_batches()
                    await self._wake()
        finally:
            if self:
                await self._stop()

    def close(self) -> None:
        """Let go of the execution, which holds this: circles wait for the garbage collector."""
        del self._execution

    def abandon_dead(self) -> None:
        """Cancel what runs for places that have failed only."""
        loop = asyncio.get_running_loop()
        for task, target in self._running.items():
            if _is_dead(target):
                loop.call_soon(task.cancel)  # not before it has begun

    async def _finish_one(self, awaitable: Awaitable[Any], target: Target) -> None:
        if _is_dead(target):
            _discard(awaitable)
            return
        try:
            value = await awaitable
        except Exception as error:  # noqa: BLE001
            value = error
        self._put(target, value)

    def _start(self) -> None:
        expected, self.expected = self.expected, []
        if self._execution.errors:
            for awaitable, _ in (pair for pair in expected if _is_dead(pair[1])):
                _discard(awaitable)
            expected = [pair for pair in expected if not _is_dead(pair[1])]
        finished, running = start(expected)
        for target, task in running:
            self._running[task] = target
            if isinstance(target, list):
                self.batches.open(target)
            elif target[0].field.gates_batches:
                self.batches.open([target])
            task.add_done_callback(self._note_finished)
        for target, value in finished:
            if isinstance(value, BaseException) and not isinstance(value, Exception):
                raise value
            self._put(target, value)

    def _call_batches(self) -> None:
        for call in self.batches.take(self._execution):
            try:
                awaitable = call.start(self._execution)
            except Exception as error:  # noqa: BLE001
                deliver(self._execution, call.places, repeat(error))
            else:
                self.expected.append((awaitable, call.places))

    def _note_finished(self, task: asyncio.Task[Any]) -> None:
        self._finished.append(task)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wake(self) -> None:
        """Take what has finished; wait for it where there is nothing else to do."""
        if self._running and not self._finished and not self.expected:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        finished, self._finished = self._finished, []
        for task in finished:
            target = self._running.pop(task)
            if isinstance(target, list):
                self.batches.close(target)
            elif target[0].field.gates_batches:
                self.batches.close([target])
            try:
                value = task.result()
            except Exception as error:  # noqa: BLE001
                value = error
            except BaseException:
                if task.cancelled() and _is_dead(target):
                    continue
                raise
            self._put(target, value)

    def _put(self, target: Target, value: Any) -> None:
        if isinstance(target, list):
            deliver(self._execution, target, values_of(value, len(target)))
        else:
            self._execution.arrive(target, value)

    async def _stop(self) -> None:
        for awaitable, _ in self.expected:
            _discard(awaitable)
        self.expected.clear()
        if not self._running:
            return
        loop = asyncio.get_running_loop()
        for task in self._running:
            loop.call_soon(task.cancel)  # not before it has begun
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()


def _is_dead(target: Target) -> bool:
    if isinstance(target, list):
        return all(above.is_dead() for *_, above in target)
    return target[3].is_dead()


def _discard(awaitable: Awaitable[Any]) -> None:
    if isinstance(awaitable, Coroutine):
        awaitable.close()
