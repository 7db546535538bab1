"""Celery that acknowledges late, and on RabbitMQ waits for confirms.

Its worker has threads: they run such small jobs sooner than the processes that are its default.
"""

from collections.abc import Iterable

import celery

from peers.jobs.rabbitmq import forget
from peers.jobs.work import BROKER_URL, ON_REDIS, QUEUE, work

app = celery.Celery("jobs", broker=BROKER_URL)
app.conf.task_default_queue = QUEUE
app.conf.task_acks_late = True
app.conf.task_ignore_result = True
if not ON_REDIS:
    app.conf.broker_transport_options = {"confirm_publish": True}


@app.task(name="job")
def job(number: int) -> None:
    """Take note."""
    work(number)


class Celery:
    """Sends tasks."""

    def enqueue(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""
        for number in numbers:
            job.delay(number)

    def close(self) -> None:
        """Delete the queue and its exchange, where they stay."""
        app.close()
        if not ON_REDIS:
            forget([QUEUE], [QUEUE])
