"""How many jobs a queue has, and dropping those that wait."""

import asyncio

from servey_sched.brokers.base import QueueSizes
from servey_sched.brokers.rabbitmq_layout import Layout
from servey_sched.brokers.rabbitmq_link import Link
from servey_sched.brokers.rabbitmq_subscription import Subscription

LOOKS = 5
"""How often to look for a moment in which nothing is on its way."""


async def sizes_of(
    queue: str, link: Link, layout: Layout, subscriptions: set[Subscription]
) -> QueueSizes:
    """The sizes of a queue, without delayed jobs that RabbitMQ hands on just now.

    Args:
        queue: The queue.
        link: The connection.
        layout: The broker's places.
        subscriptions: Those of this process: what others hold cannot be known.

    Raises:
        Lost: The connection is gone.
    """
    mine = [one for one in subscriptions.copy() if one.queue == queue]
    async with await link.channel() as channel:
        # in the direction in which jobs move, so that none is missed
        waiting = [await channel.declare(place) for place in layout.waits(queue)]
        for _ in range(LOOKS):
            before = [one.held() for one in mine]
            due = await channel.declare(layout.due(queue))
            ready = await channel.declare(layout.ready(queue))
            again = await channel.declare(layout.again(queue))
            alone = await channel.declare(layout.alone(queue))
            await asyncio.gather(*(one.settle_traffic() for one in mine))
            after = [one.held() for one in mine]
            if before == after:
                break
        dead = await channel.declare(layout.dead(queue))
    return QueueSizes(
        ready=ready + again + alone,
        delayed=sum(waiting) + due + sum(late for _, late in after),
        running=sum(running for running, _ in after),
        dead=dead,
    )


async def flush(queue: str, link: Link, layout: Layout) -> None:
    """Drop what waits in a queue, but dead letters.

    Raises:
        Lost: The connection is gone.
    """
    kinds = (layout.ready, layout.again, layout.alone, layout.due)
    places = [*(kind(queue) for kind in kinds), *layout.waits(queue)]
    async with await link.channel() as channel:
        for place in places:
            await channel.declare(place)
            await channel.purge(place)
