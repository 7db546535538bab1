"""Taskiq on Redis streams, and on RabbitMQ with its quorum queue; tasks are coroutines."""

from collections.abc import Iterable

import taskiq

from peers.jobs.contract import AsyncLibrary
from peers.jobs.rabbitmq import forget
from peers.jobs.work import BROKER_URL, ON_REDIS, QUEUE, work

_DEAD = f"{QUEUE}-dead"


def _broker() -> taskiq.AsyncBroker:
    if ON_REDIS:
        from taskiq_redis import RedisStreamBroker

        return RedisStreamBroker(BROKER_URL, queue_name=QUEUE)
    from taskiq_aio_pika import AioPikaBroker, Exchange, Queue

    return AioPikaBroker(
        BROKER_URL,
        exchange=Exchange(name=QUEUE),
        task_queues=[Queue(name=QUEUE)],
        dead_letter_queue=Queue(name=_DEAD),
    )


broker = _broker()


@broker.task(task_name="job")
async def job(number: int) -> None:
    """Take note."""
    work(number)


class Taskiq(AsyncLibrary):
    """Kicks tasks."""

    async def connect(self) -> None:
        """Start the broker."""
        await broker.startup()

    async def send(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""
        for number in numbers:
            await job.kiq(number)

    async def disconnect(self) -> None:
        """Stop the broker, and delete the queues where they stay."""
        await broker.shutdown()
        if not ON_REDIS:
            forget([QUEUE, _DEAD], [QUEUE])
