"""Takes the jobs of one queue, in a thread, as waiting for them blocks."""

import logging
import threading
from collections.abc import Callable

import dramatiq
from dramatiq.errors import BrokerConnectionError

from servey_sched.brokers.base import JobBroker, JobConsumer
from servey_sched.worker.settling import Settling
from servey_sched.worker.verdicts import BACK, Verdict

_WAIT_MILLISECONDS = 500
"""How long a consumer waits for a job before it looks whether it shall stop."""

_PAUSE = 0.5
"""How long to wait before a broker that failed is asked again, in seconds."""

_log = logging.getLogger("servey.jobs")

Deliver = Callable[["Consuming", dramatiq.MessageProxy], None]


class Consuming:
    """The thread that takes the jobs of one queue.

    Args:
        broker: The broker.
        queue: The queue.
        prefetch: How many jobs it holds at most, those that run included.
        deliver: Given each job, in this thread.
    """

    def __init__(self, broker: JobBroker, queue: str, prefetch: int, deliver: Deliver) -> None:
        self._broker = broker
        self._queue = queue
        self._prefetch = prefetch
        self._deliver = deliver
        self._stop = threading.Event()
        self._failing = False
        self._open: tuple[JobConsumer, Settling] | None = None
        self._thread = threading.Thread(target=self._work, name=f"jobs of {queue}", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()

    def settle(self, message: dramatiq.MessageProxy, verdict: Verdict) -> None:
        """Say what becomes of a job that was delivered."""
        gives_back = verdict is BACK and self._stop.is_set()  # as `close` does with all the rest
        if self._open is not None and not gives_back:
            self._open[1].put(message, verdict)

    def stop(self) -> None:
        """Take no more jobs; those that were delivered may still be settled."""
        self._stop.set()

    def join(self, seconds: float) -> None:
        """Wait, for so long at most, until no more jobs come."""
        self._thread.join(seconds)

    def close(self, seconds: float) -> None:
        """Tell the broker what is left to say, within so many seconds, and give back the rest."""
        if self._open is None:
            return
        consumer, settling = self._open
        settling.close(seconds)
        try:
            consumer.close()
        except BrokerConnectionError as error:
            _log.warning("The jobs of %s wait for their lease to end: %s", self._queue, error)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self._take()
            except BrokerConnectionError as error:
                self._report(error)
                self._stop.wait(_PAUSE)
            except Exception as error:  # noqa: BLE001 - a worker goes on
                self._report(error, exc_info=True)
                self._stop.wait(_PAUSE)

    def _take(self) -> None:
        if self._open is None:
            consumer = self._broker.consume(self._queue, self._prefetch, _WAIT_MILLISECONDS)
            self._open = consumer, Settling(self._broker, consumer)
        for message in self._open[0]:
            self._failing = False
            if message is not None:
                self._deliver(self, message)
            if self._stop.is_set():
                return

    def _report(self, error: Exception, *, exc_info: bool = False) -> None:
        """Say what is wrong, once."""
        if not self._failing:
            _log.warning(
                "The queue %s waits for its broker: %s", self._queue, error, exc_info=exc_info
            )
        self._failing = True
