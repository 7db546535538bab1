"""What this process holds, and the heartbeat that lets it keep it."""

import logging
import threading
from collections.abc import Iterable
from functools import partial
from itertools import count
from uuid import uuid4

from dramatiq.errors import BrokerConnectionError

from servey_sched.brokers.sqlite_jobs import Lease, Taken, Wanted, extend, give_back, take
from servey_sched.brokers.sqlite_writer import Writer

_BEATS = 3
"""How many heartbeats there are to a lease."""

_log = logging.getLogger("servey.jobs")


class Leases:
    """The jobs that were delivered here, which are this process's until it says otherwise, or dies.

    Args:
        writer: Writes to the file.
        seconds: After how long without a heartbeat others get its jobs.
    """

    def __init__(self, writer: Writer, seconds: float) -> None:
        self._writer = writer
        self._seconds = seconds
        self._me = uuid4().hex
        self._takes = count()
        self._held: set[Lease] = set()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="servey-jobs-leases", daemon=True)
        self._thread.start()

    def take(self, wanted: Wanted) -> list[Taken]:
        """Take jobs.

        Raises:
            BrokerConnectionError: The file cannot be used just now.
        """
        milliseconds = int(self._seconds * 1000)
        taken = self._writer.run(
            partial(
                take,
                wanted=wanted,
                holder=f"{self._me}-{next(self._takes)}",  # else one given back were the same
                lease=milliseconds,
            )
        )
        self._held.update(one.lease for one in taken)
        return taken

    def forget(self, lease: Lease) -> None:
        """Give up what is done with."""
        self._held.discard(lease)

    def give_back(self, leases: Iterable[Lease]) -> None:
        """Let others have jobs that were not started.

        Raises:
            BrokerConnectionError: The file cannot be used just now; others get them in time.
        """
        leases = list(leases)
        self._held.difference_update(leases)
        if leases:
            self._writer.run(partial(give_back, leases=leases))

    def close(self) -> None:
        """End the heartbeat, and give back what is left."""
        self._end.set()
        self._thread.join()
        try:
            self.give_back(self._held.copy())
        except BrokerConnectionError as error:
            _log.warning("Jobs wait for the end of their leases, %s s: %s", self._seconds, error)

    def _beat(self) -> None:
        while not self._end.wait(self._seconds / _BEATS):
            held = self._held.copy()
            if not held:
                continue
            try:
                self._writer.run(partial(extend, leases=held, lease=int(self._seconds * 1000)))
            except BrokerConnectionError as error:
                _log.warning("A heartbeat failed: %s", error)
