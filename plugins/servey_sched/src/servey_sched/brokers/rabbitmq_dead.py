"""Dead letters: a queue of them is read from its front, by one reader at a time."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from uuid import uuid4

from servey_sched.brokers.base import DeadJob
from servey_sched.brokers.messages import dead_job, first_try, readable
from servey_sched.brokers.rabbitmq_batches import Outgoing
from servey_sched.brokers.rabbitmq_channel import Arrival, Channel
from servey_sched.brokers.rabbitmq_failures import Lost, Refused
from servey_sched.brokers.rabbitmq_layout import (
    DIED_AT,
    ERROR,
    LONGEST_ERROR,
    STARTS,
    Layout,
    Letter,
)
from servey_sched.brokers.rabbitmq_link import Link
from servey_sched.brokers.rabbitmq_publisher import PAUSE, Publisher

RESOURCE_LOCKED = 405
"""What AMQP says of a queue that another connection has for itself."""

SILENCE = 1.0
"""After how many seconds without a letter no more are expected."""

AT_ONCE = 500
"""How many are put back at once."""


def dead_letter(letter: Letter, error: str) -> Letter:
    """What becomes of a job's letter when it dies."""
    headers = {
        STARTS: letter.number(STARTS) + 1,
        ERROR: error.encode("utf-8", "backslashreplace").decode()[-LONGEST_ERROR:],
        DIED_AT: time.time_ns() // 1000,
    }
    return Letter(letter.body, headers, letter.level, letter.id or uuid4().hex)


@dataclass(frozen=True, slots=True)
class Found:
    """A dead letter as it was read.

    Attributes:
        tag: Which delivery it is.
        letter: What is in the queue.
        job: What is told of it.
    """

    tag: int
    letter: Letter
    job: DeadJob

    @classmethod
    def read(cls, arrival: Arrival, queue: str) -> Self:
        """What has come from the dead letters of a queue."""
        letter = arrival.letter
        message = readable(queue, letter.body)
        job = dead_job(
            message.message_id if message else letter.id or "",
            queue=queue,
            body=letter.body,
            error=str(letter.headers.get(ERROR) or ""),
            starts=letter.number(STARTS),
            died_at=_moment(letter.number(DIED_AT)),
        )
        return cls(arrival.tag, letter, job)


def _moment(microseconds: int) -> datetime:
    """A moment that somebody may have made up."""
    try:
        return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
    except (OverflowError, ValueError, OSError):
        return datetime.fromtimestamp(0, UTC)


class DeadLetters:
    """Reads dead letters, in the I/O thread.

    Whoever reads gets all letters of a queue delivered and then leaves them there, in their order.
    A lock, which ends with its holder's connection, keeps others from finding the queue empty
    meanwhile.

    Args:
        link: The connection.
        publisher: Sends what is tried again.
        layout: The broker's places.
    """

    def __init__(self, link: Link, publisher: Publisher, layout: Layout) -> None:
        self._link = link
        self._publisher = publisher
        self._layout = layout
        self._reading = asyncio.Lock()

    async def count(self, queue: str) -> int:
        """How many a queue has, those aside that somebody reads just now.

        Raises:
            Lost: The connection is gone.
        """
        async with await self._link.channel() as channel:
            return await channel.declare(self._layout.dead(queue))

    async def read(self, queue: str, limit: int) -> list[DeadJob]:
        """Those of a queue that died last, the first of them to die first.

        Args:
            queue: The queue.
            limit: How many at most.

        Raises:
            Lost: The connection is gone.
        """
        last: deque[DeadJob] = deque(maxlen=limit)
        async with self._opened(queue) as (_, letters):
            async for found in letters:
                last.append(found.job)
        return list(last)

    async def retry(self, queue: str, job_ids: Iterable[str], told: Callable[[str], None]) -> None:
        """Put some back into their queue.

        Args:
            queue: The queue.
            job_ids: Which; of several of one id, it is the first.
            told: Given the id of each that was put back, also where this is lost on its way.

        Raises:
            Lost: The connection is gone.
        """
        left, some = set(job_ids), list[Found]()
        async with self._opened(queue) as (channel, letters):
            async for found in letters:
                if found.job.id in left:
                    left.remove(found.job.id)
                    some.append(found)
                if not left or len(some) == AT_ONCE:
                    await self._put_back(queue, channel, some, told)
                    some.clear()
                if not left:
                    return
            await self._put_back(queue, channel, some, told)

    async def _put_back(
        self, queue: str, channel: Channel, some: Sequence[Found], told: Callable[[str], None]
    ) -> None:
        ready = self._layout.ready(queue)
        letters = [found.letter for found in some]
        await self._publisher.publish(
            [
                Outgoing(ready, Letter(first_try(queue, one.body), {}, one.level, one.id))
                for one in letters
            ]
        )
        for found in some:
            channel.ack(found.tag)
            told(found.job.id)

    async def purge(self, queue: str, job_id: str | None) -> int:
        """Forget one, or all; how many were forgotten.

        Raises:
            Lost: The connection is gone.
        """
        count = 0
        async with self._opened(queue) as (channel, letters):
            async for found in letters:
                if job_id is None or found.job.id == job_id:
                    channel.ack(found.tag)
                    count += 1
        return count

    @asynccontextmanager
    async def _opened(self, queue: str) -> AsyncIterator[tuple[Channel, AsyncIterator[Found]]]:
        place = self._layout.dead(queue)
        async with self._reading, self._locked(queue), await self._link.channel() as channel:
            count = await channel.declare(place)
            yield channel, self._letters(channel, queue, count)
            await channel.settle()

    async def _letters(self, channel: Channel, queue: str, count: int) -> AsyncIterator[Found]:
        if not count:
            return
        come: asyncio.Queue[Arrival] = asyncio.Queue()
        await channel.consume(self._layout.dead(queue), come.put_nowait, prefetch=0)
        for _ in range(count):
            try:
                async with asyncio.timeout(SILENCE):
                    arrival = await come.get()
            except TimeoutError:  # somebody else took letters away
                return
            yield Found.read(arrival, queue)

    @asynccontextmanager
    async def _locked(self, queue: str) -> AsyncIterator[None]:
        lock = self._layout.lock(queue)
        while True:
            channel = await self._link.channel()
            try:
                await channel.declare(lock, exclusive=True)
                break
            except Refused as error:
                if error.code != RESOURCE_LOCKED:
                    raise
                await asyncio.sleep(PAUSE)
        try:
            yield
        finally:
            with suppress(Lost):
                await channel.delete(lock)
            channel.close()
