"""Streams: what asynchronous generators give, item by item."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from servey_core.errors import ActionTimeout


async def collected(stream: AsyncGenerator[Any, None]) -> list[Any]:
    """All items of a stream, for who takes no stream."""
    try:
        return [item async for item in stream]
    finally:
        await stream.aclose()


async def in_time(stream: AsyncGenerator[Any, None], seconds: float) -> AsyncGenerator[Any, None]:
    """A stream that is given up when it has taken too long.

    Args:
        stream: The stream.
        seconds: How long it may take from now, with the time that its reader takes.

    Raises:
        ActionTimeout: It took longer.
    """
    end = asyncio.get_running_loop().time() + seconds
    try:
        while True:
            try:
                async with asyncio.timeout_at(end) as scope:
                    item = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                if not scope.expired():
                    raise
                raise ActionTimeout(f"It took longer than {seconds:g} s.") from None
            yield item
    finally:
        await stream.aclose()
