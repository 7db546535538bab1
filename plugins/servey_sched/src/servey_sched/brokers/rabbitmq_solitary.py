"""Jobs that start alone: over all queues, a process has one of them at a time; see `suspects`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from servey_sched.brokers.rabbitmq_channel import Channel
from servey_sched.brokers.rabbitmq_failures import Lost
from servey_sched.brokers.rabbitmq_lane import Held, Lane
from servey_sched.brokers.rabbitmq_layout import Place
from servey_sched.brokers.rabbitmq_link import Link

LOOK = 0.5
"""How often is looked whether there is such a job, in seconds."""

SOON = 0.1
"""How long is waited for another one after the last, in seconds."""


class Cell:
    """Where the process has it: the consumers of its queues take turns; it lives in the I/O thread.

    Attributes:
        wanted: How many wait for their turn.
    """

    def __init__(self) -> None:
        self.wanted = 0
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def entered(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it while the context is open."""
        self.wanted += 1
        try:
            await self._lock.acquire()
        finally:
            self.wanted -= 1
        try:
            yield
        finally:
            self._lock.release()


class Solitary:
    """Takes such jobs of one queue, one after the other; it lives in the I/O thread.

    Args:
        link: The connection that jobs come by.
        place: Where they wait.
        cell: Where the process has one.
        lanes: Has the lane by which they come, while there is one.
        receive: Is called with each job.
        give_back: Puts jobs back, as if they had not been delivered.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it works with
        self,
        link: Link,
        place: Place,
        cell: Cell,
        lanes: list[Lane],
        receive: Callable[[Held], None],
        give_back: Callable[[list[Held]], "list[asyncio.Task[None]]"],
    ) -> None:
        self._link = link
        self._place = place
        self._cell = cell
        self._lanes = lanes
        self._receive = receive
        self._give_back = give_back
        self._came = asyncio.Event()
        self._had_one = False
        self._leaving = False

    async def run(self) -> None:
        """Take them whenever there are some, until it is cancelled."""
        while True:
            with suppress(Lost):
                async with await self._link.channel() as channel:
                    await self._look(channel)
            await asyncio.sleep(LOOK)

    async def _look(self, channel: Channel) -> None:
        """Look by a channel, until that is lost.

        Raises:
            Lost: It is.
        """
        while True:
            if await channel.declare(self._place):
                async with self._cell.entered():
                    await self._visit()
            else:
                await asyncio.sleep(LOOK)

    async def _visit(self) -> None:
        """Take one, and others after it while nobody else waits for a turn.

        Raises:
            Lost: That is not to be had just now.
        """
        self._leaving = self._had_one = False
        self._came.clear()
        lane = await Lane.begin(self._link, self._place, self._arrive, prefetch=1)
        self._lanes.append(lane)
        try:
            while await self._comes():
                await lane.emptied()
            await lane.stop()
            if tasks := self._give_back(lane.undecided()):
                await asyncio.wait(tasks)
            lane.channel.close()
        finally:
            if lane in self._lanes:
                self._lanes.remove(lane)

    async def _comes(self) -> bool:
        """Whether there is one by now, or soon; if not, none is delivered any more."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SOON):
                await self._came.wait()
        if not self._came.is_set():
            self._leaving = True
        self._came.clear()
        return not self._leaving

    def _arrive(self, one: Held) -> None:
        """Deliver a job, unless it comes when the turn is over: then it is given back soon."""
        self._came.set()
        self._leaving = self._leaving or (self._had_one and self._cell.wanted > 0)
        if not self._leaving:
            self._had_one = True
            self._receive(one)
