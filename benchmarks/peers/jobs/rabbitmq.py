"""What stays in a RabbitMQ when a library is done with it, and is of no use to anyone."""

from collections.abc import Iterable

import pika

from peers.jobs.work import BROKER_URL


def forget(queues: Iterable[str], exchanges: Iterable[str] = ()) -> None:
    """Delete queues and exchanges; those that are not there are nothing to be said about."""
    with pika.BlockingConnection(pika.URLParameters(BROKER_URL)) as connection:
        channel = connection.channel()
        for queue in queues:
            channel.queue_delete(queue)
        for exchange in exchanges:
            channel.exchange_delete(exchange)
