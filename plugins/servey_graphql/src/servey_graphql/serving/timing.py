"""A time limit that costs nothing where nothing is waited for."""

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any, TypeVar

from servey_core import ActionTimeout

ResultT = TypeVar("ResultT")


async def in_time(steps: Coroutine[Any, Any, ResultT], limit: float | None) -> ResultT:
    """Run a coroutine for a bounded time.

    Its first step is taken at once, and most have no other; only the rest pays for a timer.

    Args:
        steps: The coroutine.
        limit: How long it may take, in seconds; None for any time.

    Raises:
        ActionTimeout: It took longer, and was cancelled.
    """
    try:
        awaited = steps.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    try:
        async with asyncio.timeout(limit) as scope:
            return await _rest(steps, awaited)
    except TimeoutError:
        if not scope.expired():  # it is one of something that was called
            raise
        raise ActionTimeout(f"The operation took longer than {limit:g} s.") from None


@types.coroutine
def _rest(steps: Coroutine[Any, Any, ResultT], awaited: Any) -> Generator[Any, Any, ResultT]:
    """The steps of a coroutine after the first, which waits for `awaited`."""
    while True:
        step: Callable[[Any], Any] = steps.send
        try:
            given = yield awaited
        except BaseException as error:  # noqa: BLE001 - the coroutine is to have it
            step, given = steps.throw, error
        try:
            awaited = step(given)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
