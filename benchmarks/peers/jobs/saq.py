"""SAQ as it comes, but that no results are kept."""

from collections.abc import Iterable
from typing import Any

import saq

from peers.jobs.contract import AsyncLibrary
from peers.jobs.work import BROKER_URL, work

_NOT_KEPT = -1


async def job(context: dict[str, Any], *, number: int) -> None:  # noqa: ARG001
    """Take note."""
    work(number)


queue = saq.Queue.from_url(BROKER_URL)
settings = {"queue": queue, "functions": [job]}


class Saq(AsyncLibrary):
    """Enqueues on the queue."""

    async def connect(self) -> None:
        """Open the queue."""
        await queue.connect()

    async def send(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""
        for number in numbers:
            await queue.enqueue("job", number=number, ttl=_NOT_KEPT)

    async def disconnect(self) -> None:
        """Close the queue."""
        await queue.disconnect()
