"""Tasks that start at once, so that a coroutine which waits for nothing costs no turn of the loop.

Python has them since 3.12 (`eager_start`). For 3.11 the same is made with what asyncio offers to
other implementations of tasks ("Task lifetime support" in its documentation): coroutines run up to
their first suspension as the current task, which is one that has not begun; the first that
suspends has that task for its own from then on. The others are likely to suspend as well, and are
tasks from the beginning.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Iterator
from contextvars import Context, copy_context
from functools import partial
from types import CoroutineType
from typing import Any, TypeVar

TargetT = TypeVar("TargetT")
Expected = Iterator[tuple[Coroutine[Any, Any, Any], TargetT]]
_IS_NATIVE = sys.version_info >= (3, 12)
_new_task: Callable[..., "asyncio.Task[Any]"] = asyncio.Task
_NAME = "a field of an operation"
"""The tasks' name: one for all costs less than one for each."""
Started = tuple[list[tuple[TargetT, Any]], list[tuple[TargetT, "asyncio.Task[Any]"]]]
"""What has ended, with its value or the exception that it raised; and what has not."""


def start(expected: Iterable[tuple[Awaitable[Any], TargetT]]) -> Started[TargetT]:
    """Start awaitables one after the other, each in a context of its own.

    Args:
        expected: Each awaitable, and what it is for.

    Returns:
        What has ended by now, and what has not, each by what it is for.
    """
    return _start(
        (awaitable if type(awaitable) is CoroutineType else _result_of(awaitable), target)
        for awaitable, target in expected
    )


async def _result_of(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def _start_natively(expected: Expected[TargetT]) -> Started[TargetT]:
    loop = asyncio.get_running_loop()
    finished: list[tuple[TargetT, Any]] = []
    running: list[tuple[TargetT, asyncio.Task[Any]]] = []
    for coroutine, target in expected:
        task = _new_task(coroutine, loop=loop, name=_NAME, eager_start=True)
        if not task.done():
            running.append((target, task))
        elif task.cancelled():
            finished.append((target, asyncio.CancelledError()))
        else:
            finished.append((target, task.exception() or task.result()))
    return finished, running


def _start_in_shell(expected: Expected[TargetT]) -> Started[TargetT]:
    loop = asyncio.get_running_loop()
    finished: list[tuple[TargetT, Any]] = []
    running: list[tuple[TargetT, asyncio.Task[Any]]] = []
    shell = _Shell()
    caller = asyncio.current_task(loop)
    _swap(loop, caller, shell.task)
    try:
        for coroutine, target in expected:
            context = copy_context()
            try:
                awaited = context.run(coroutine.send, None)
            except StopIteration as end:
                finished.append((target, end.value))
            except BaseException as error:  # noqa: BLE001
                finished.append((target, error))
            else:
                _set_blocking(awaited, blocking=False)
                shell.rest = _Rest(coroutine, context, awaited)
                running.append((target, shell.task))
                break
    finally:
        _swap(loop, shell.task, caller)
    for coroutine, target in expected:
        running.append((target, _new_task(coroutine, loop=loop, name=_NAME)))
    return finished, running


def _swap(
    loop: asyncio.AbstractEventLoop,
    left: "asyncio.Task[Any] | None",
    entered: "asyncio.Task[Any] | None",
) -> None:
    if left is not None:
        asyncio.tasks._leave_task(loop, left)  # noqa: SLF001
    if entered is not None:
        asyncio.tasks._enter_task(loop, entered)  # noqa: SLF001


def _set_blocking(awaited: object, *, blocking: bool) -> None:
    """Mark a future as one that is being handed to a task, or no more, for others may await it."""
    if asyncio.isfuture(awaited):
        awaited._asyncio_future_blocking = blocking  # noqa: SLF001


class _Shell:
    """A task that has not begun, for what may turn out to need one.

    It begins on the loop's next turn, when nothing else has had a chance to cancel it; without a
    rest it just ends.
    """

    __slots__ = ("rest", "task")

    def __init__(self) -> None:
        self.rest: _Rest | None = None
        self.task: asyncio.Task[Any] = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> Any:
        return None if self.rest is None else await self.rest


class _Rest:
    """What is left of a coroutine that has suspended.

    Args:
        coroutine: The coroutine.
        context: Its context.
        awaited: What it has given to be waited for.
    """

    __slots__ = ("_awaited", "_context", "_coroutine")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], context: Context, awaited: Any) -> None:
        self._coroutine = coroutine
        self._context = context
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        awaited = self._awaited
        _set_blocking(awaited, blocking=True)
        while True:
            try:
                sent = yield awaited
            except BaseException as error:  # noqa: BLE001
                resume = partial(self._coroutine.throw, error)
            else:
                resume = partial(self._coroutine.send, sent)
            try:
                awaited = self._context.run(resume)
            except StopIteration as end:
                return end.value


_start = _start_natively if _IS_NATIVE else _start_in_shell
