"""A RabbitMQ client by hand, which has each message confirmed before the next: no worker."""

import json
from collections.abc import Iterable

import pika

from peers.jobs.work import BROKER_URL, QUEUE

_PERSISTENT = pika.BasicProperties(delivery_mode=pika.DeliveryMode.Persistent)


class Pika:
    """Publishes on one blocking channel."""

    def __init__(self) -> None:
        self._connection = pika.BlockingConnection(pika.URLParameters(BROKER_URL))
        self._channel = self._connection.channel()
        self._channel.queue_declare(QUEUE, durable=True)
        self._channel.confirm_delivery()

    def enqueue(self, numbers: Iterable[int]) -> None:
        """Publish messages one by one."""
        for number in numbers:
            body = json.dumps({"job": "job", "number": number}).encode()
            self._channel.basic_publish("", QUEUE, body, _PERSISTENT, mandatory=True)

    def close(self) -> None:
        """Delete the queue, and leave."""
        self._channel.queue_delete(QUEUE)
        self._connection.close()
