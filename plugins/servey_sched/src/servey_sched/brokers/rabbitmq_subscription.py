"""What one consumer has of RabbitMQ: it begins anew after each outage, and counts starts."""

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from servey_sched.brokers.rabbitmq_batches import Outgoing
from servey_sched.brokers.rabbitmq_failures import Lost
from servey_sched.brokers.rabbitmq_lane import Held, Lane
from servey_sched.brokers.rabbitmq_layout import DUE, STARTS, Layout, Letter, Place, now
from servey_sched.brokers.rabbitmq_link import Link
from servey_sched.brokers.rabbitmq_publisher import Publisher
from servey_sched.brokers.rabbitmq_solitary import Cell, Solitary
from servey_sched.brokers.suspects import most_of

DUE_AT_ONCE = 1000
"""How many jobs in the last second of their delay one consumer looks after."""

LONGEST_PAUSE = 1.0
"""How long to wait at most before the next attempt to go on after an outage, in seconds."""

_log = logging.getLogger("servey.jobs")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a subscription delivers.

    Attributes:
        queue: Jobs of which queue.
        prefetch: How many at most; beside them, half as many suspects, and one that starts alone.
        alone_from: How often that has been started, at least.
    """

    queue: str
    prefetch: int
    alone_from: int


class Subscription:
    """Delivers the jobs of a queue; it lives in the I/O thread.

    What comes a second time was with a consumer that died: it is put aside with one start more,
    and taken from there; see `suspects`.

    Args:
        link: The connection that jobs come by.
        publisher: Sends on what is not for this consumer now.
        layout: The broker's places.
        cell: Where the process has the job that starts alone.
        wanted: What is to be delivered.
        deliver: Is called with each job.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - what it works with
        self,
        link: Link,
        publisher: Publisher,
        layout: Layout,
        cell: Cell,
        wanted: Wanted,
        deliver: Callable[[Held], None],
    ) -> None:
        self.queue = wanted.queue
        self.begun = threading.Event()
        self._link = link
        self._publisher = publisher
        self._layout = layout
        self._cell = cell
        self._wanted = wanted
        self._deliver = deliver
        self._jobs: list[Lane] = []
        self._due: list[Lane] = []
        self._passing: set[asyncio.Task[None]] = set()
        self._leaving: set[bytes] = set()
        self._arrived: list[Held] = []
        self._keeping: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Deliver, from now on until `close`, whatever happens to the connection."""
        self._keeping = asyncio.create_task(self._keep())

    def held(self) -> tuple[int, int]:
        """How many jobs are with this consumer, and how many in the last second of their delay."""
        return sum(lane.held for lane in self._jobs), sum(lane.held for lane in self._due)

    async def settle_traffic(self) -> None:
        """Wait until all that RabbitMQ has sent so far has come."""
        await asyncio.gather(*(lane.heard() for lane in (*self._jobs, *self._due)))

    def ack(self, done: Iterable[Held]) -> None:
        """Acknowledge jobs: nothing happens to those of an earlier connection."""
        tags: dict[Lane, list[int]] = defaultdict(list)
        for one in done:
            if not one.settled:
                one.settled = True
                tags[one.lane].append(one.tag)
        for lane, some in tags.items():
            lane.ack(some)

    def pass_on(self, one: Held, place: Place, letter: Letter) -> "asyncio.Task[None]":
        """Put a job elsewhere, and then acknowledge it; where that fails, it is delivered anew.

        Returns:
            What is done once that has happened, however long it takes.
        """
        task = asyncio.create_task(self._pass_on(one, place, letter))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)
        return task

    def give_back(self, some: Iterable[Held]) -> "list[asyncio.Task[None]]":
        """Put jobs back where they came from, as if they had not been delivered."""
        return [self.pass_on(one, one.lane.place, one.letter) for one in some if not one.settled]

    async def close(self) -> None:
        """Give back what is held, and deliver no more."""
        jobs = [lane for lane in self._jobs if lane.channel.is_open]
        lanes = [*jobs, *(lane for lane in self._due if lane.channel.is_open)]
        if self._keeping:
            self._keeping.cancel()
        try:
            await asyncio.gather(*(lane.stop() for lane in lanes))
            self.give_back(one for lane in jobs for one in lane.undecided())
            if self._passing:
                await asyncio.wait(self._passing)
        finally:
            for lane in lanes:
                lane.channel.close()

    async def _keep(self) -> None:
        """Subscribe, again and again."""
        pause, told = 0.0, False
        while True:
            await asyncio.sleep(pause)
            try:
                await self._subscribe()
            except Lost as error:
                lost = error
                pause = min(LONGEST_PAUSE, pause * 2 + 0.05)
            else:
                self.begun.set()
                if told:
                    _log.warning("Jobs of the queue %s are delivered again.", self.queue)
                lost, pause, told = await self._until_lost(), 0.0, False
            if not told:
                _log.warning("No jobs of the queue %s are delivered: %s", self.queue, lost)
            told = True
            self._leave()

    async def _subscribe(self) -> None:
        layout, queue, prefetch = self._layout, self.queue, self._wanted.prefetch
        for place, receive, most, lanes in (
            (layout.ready(queue), self._on_job, prefetch, self._jobs),
            (layout.again(queue), self._on_job, most_of(prefetch), self._jobs),
            (layout.due(queue), self._on_delayed, DUE_AT_ONCE, self._due),
        ):
            lanes.append(await Lane.begin(self._link, place, receive, prefetch=most))

    async def _until_lost(self) -> Lost:
        """Take jobs that start alone, as well, until one of the lanes is gone; why it is."""
        gone = [lane.channel.gone for lane in (*self._jobs, *self._due)]
        place = self._layout.alone(self.queue)
        solitary = Solitary(self._link, place, self._cell, self._jobs, self._on_job, self.give_back)
        taking = asyncio.create_task(solitary.run())
        try:
            done, _ = await asyncio.wait(gone, return_when=asyncio.FIRST_COMPLETED)
        finally:
            taking.cancel()
        return done.pop().result()

    def _leave(self) -> None:
        for lane in (*self._jobs, *self._due):
            lane.channel.close()
        self._jobs, self._due = [], []

    def _on_job(self, one: Held) -> None:
        letter = one.letter
        starts = letter.number(STARTS) + one.redelivered
        place = self._layout.suspects(self.queue, starts, self._wanted.alone_from)
        if one.redelivered or (starts and place.name != one.lane.place.name):
            counted = Letter(letter.body, {STARTS: starts}, letter.level, letter.id)
            self.pass_on(one, place, counted)
        elif letter.body in self._leaving:
            self._arrived.append(one)
        else:
            self._deliver(one)

    def _on_delayed(self, one: Held) -> None:
        """Let a job go where it belongs now."""
        letter = one.letter
        place = self._layout.delayed(self.queue, letter.number(DUE))
        left = letter.number(DUE) - now()
        if left <= 0:
            ready = Letter(letter.body, {}, letter.level, letter.id)
            self.pass_on(one, self._layout.ready(self.queue), ready)
        elif place.name == one.lane.place.name:
            asyncio.get_running_loop().call_later(left / 1000, self._on_delayed, one)
        else:
            longer = Letter(letter.body, {DUE: letter.number(DUE)}, letter.level, letter.id)
            self.pass_on(one, place, longer)

    async def _pass_on(self, one: Held, place: Place, letter: Letter) -> None:
        if one.settled:
            return
        one.settled = True
        self._leaving.add(one.letter.body)
        try:
            await self._publisher.publish(
                [Outgoing(place, letter)], wanted=lambda: one.lane.channel.is_open
            )
        except Lost as error:
            _log.warning("A job for %s will be delivered again: %s", place.name, error)
            one.lane.channel.close()
        else:
            one.lane.ack([one.tag])
            await one.lane.heard()
        finally:
            self._leaving.discard(one.letter.body)
            self._deliver_arrived()

    def _deliver_arrived(self) -> None:
        """Deliver jobs that have come from where they were put, and have left where they were.

        One that kills its worker would else be there again each time, as if it had never started.
        """
        arrived, self._arrived = self._arrived, []
        for one in arrived:
            self._on_job(one)
