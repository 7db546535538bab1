"""Tells the broker what became of jobs, in a thread, as that may block."""

import logging
import threading
from collections.abc import Callable
from functools import partial
from queue import Empty, SimpleQueue

import dramatiq
from dramatiq.errors import BrokerConnectionError

from servey_sched.brokers.base import JobBroker, JobConsumer
from servey_sched.worker.verdicts import Again, Back, Dead, Done, Verdict

Item = tuple[dramatiq.MessageProxy, Verdict]

_PAUSE = 0.2
"""How long to wait before a broker that failed is told again, in seconds."""

_AT_ONCE = 500
"""How many jobs the broker is told of at once."""

_ODD = 10
"""How often the broker is told what it does not take, for reasons that nobody foresaw."""

_log = logging.getLogger("servey.jobs")


class Settling:
    """The thread that tells the broker of the jobs of one consumer.

    A broker that cannot be used is told again and again. Where the process ends before, the jobs
    run once more: they were not forgotten.

    Args:
        broker: The broker.
        consumer: What delivered the jobs.
    """

    def __init__(self, broker: JobBroker, consumer: JobConsumer) -> None:
        self._broker = broker
        self._consumer = consumer
        self._items: SimpleQueue[Item | None] = SimpleQueue()
        self._hurry = threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._work, name="servey-settling", daemon=True)
        self._thread.start()

    def put(self, message: dramatiq.MessageProxy, verdict: Verdict) -> None:
        """Say what becomes of a job; the broker hears of it soon."""
        self._items.put((message, verdict))

    def close(self, seconds: float) -> None:
        """Tell the broker what is left, for at most so many seconds."""
        self._items.put(None)
        self._thread.join(seconds)
        self._hurry.set()

    def _work(self) -> None:
        going_on = True
        while going_on:
            items, going_on = self._gathered()
            if done := [message for message, verdict in items if isinstance(verdict, Done)]:
                self._insist(partial(self._consumer.ack_many, done))
            for message, verdict in items:
                if not isinstance(verdict, Done):
                    self._insist(partial(self._tell, message, verdict))

    def _gathered(self) -> tuple[list[Item], bool]:
        """What there is to say, at least one thing; and whether there may be more."""
        items: list[Item] = []
        item = self._items.get()
        while item is not None:
            items.append(item)
            if len(items) == _AT_ONCE:
                return items, True
            try:
                item = self._items.get_nowait()
            except Empty:
                return items, True
        return items, False

    def _insist(self, tell: Callable[[], None]) -> None:
        odd = 0
        while not self._hurry.is_set() and odd < _ODD:
            try:
                tell()
            except BrokerConnectionError as error:
                self._report("What became of jobs waits for the broker: %s", error)
            except Exception as error:  # noqa: BLE001 - or nothing would be said of any further job
                self._report("What became of jobs cannot be said: %r", error)
                odd += 1
            else:
                self._failing = False
                return
            self._hurry.wait(_PAUSE)

    def _report(self, what: str, error: Exception) -> None:
        """Say what is wrong, once."""
        if not self._failing:
            _log.warning(what, error)
        self._failing = True

    def _tell(self, message: dramatiq.MessageProxy, verdict: Verdict) -> None:
        match verdict:
            case Done():
                self._consumer.ack(message)
            case Again(again, delay):
                self._broker.enqueue(again, delay=max(1, delay))
                self._consumer.ack(message)
            case Dead(error):
                message.options["traceback"] = error
                self._consumer.nack(message)
            case Back():
                self._consumer.requeue([message])
