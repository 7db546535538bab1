"""Dramatiq as it comes, on its own brokers; on RabbitMQ each message is confirmed."""

from collections.abc import Iterable

import dramatiq
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.brokers.redis import RedisBroker

from peers.jobs.rabbitmq import forget
from peers.jobs.work import BROKER_URL, ON_REDIS, QUEUE, work


def _broker() -> dramatiq.Broker:
    if ON_REDIS:
        return RedisBroker(url=BROKER_URL)
    return RabbitmqBroker(url=BROKER_URL, confirm_delivery=True)


dramatiq.set_broker(_broker())
job = dramatiq.actor(work, actor_name="job", queue_name=QUEUE)


class Dramatiq:
    """Sends messages."""

    def enqueue(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""
        for number in numbers:
            job.send(number)

    def close(self) -> None:
        """Delete the queues, where they stay."""
        job.broker.close()
        if not ON_REDIS:
            forget([QUEUE, f"{QUEUE}.DQ", f"{QUEUE}.XQ"])
