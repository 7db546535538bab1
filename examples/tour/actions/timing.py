"""Limits of time."""

import asyncio
from typing import Annotated

from pydantic import Field

from servey_core import WEB_GET, ActionTimeout, Example, action


@action(
    triggers=WEB_GET,
    timeout=0.05,
    tags="timing",
    examples=(
        Example("in_time", {"ready": True}, "ready"),
        Example("too_late", {"ready": False}, raises=ActionTimeout),
    ),
)
async def wait_for_it(*, ready: bool) -> str:
    """Wait for an event, which may never come."""
    event = asyncio.Event()
    if ready:
        event.set()
    await event.wait()
    return "ready"


@action(triggers=WEB_GET, timeout=30, tags="timing", examples=Example("three", {"number": 3}, 9))
def square(number: Annotated[int, Field(ge=-46_340, le=46_340)]) -> int:
    """Have a limit in a thread: the caller is answered in time, whatever the thread does."""
    return number * number
