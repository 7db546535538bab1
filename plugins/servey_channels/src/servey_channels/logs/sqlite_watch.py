"""Hearing of events in a file, whichever process put them there."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from servey_channels.logs.base import Deliver, Health
from servey_channels.logs.sqlite_table import EventTable
from servey_core import Unavailable

_EVERY = 0.005
"""Seconds between two looks: each costs some microseconds."""

_PAUSE = 0.2
"""How long to wait before a file that failed is opened again, in seconds."""

_AT_ONCE = 1000
_PATIENCE = 1.0


class Watch:
    """A thread that looks for new events, and hands them to an event loop.

    Args:
        path: The file.
        loop: The event loop.
        deliver: Given the events, in the loop.
        health: Told of outages, in the loop.
        ready: Called in the loop, once nothing is missed any more.
    """

    def __init__(
        self,
        path: Path,
        loop: asyncio.AbstractEventLoop,
        deliver: Deliver,
        health: Health,
        ready: Callable[[], None],
    ) -> None:
        self._table = EventTable(path)
        self._loop = loop
        self._deliver = deliver
        self._health = health
        self._ready = ready
        self._bell = threading.Event()
        self._taken = threading.Event()
        self._stopped = False
        self._epoch = ""
        self._seq = 0
        self._thread = threading.Thread(target=self._work, name="servey-events-watch", daemon=True)

    async def run(self) -> None:
        """Watch until it is cancelled."""
        self._thread.start()
        try:
            await self._loop.create_future()
        finally:
            self._stopped = True
            self._bell.set()
            await asyncio.to_thread(self._thread.join)

    def ring(self) -> None:
        """Look at once, as this process has written something."""
        self._bell.set()

    def _work(self) -> None:
        while not self._stopped:
            try:
                self._look()
            except Unavailable:
                self._hand_over(self._health, False)
                self._table.close()
                self._bell.wait(_PAUSE)
                self._bell.clear()
        self._table.close()

    def _look(self) -> None:
        """Look again and again, until that fails."""
        if not self._epoch:
            self._epoch, _ = self._table.version()
            self._seq = self._table.last_seq()
            self._hand_over(self._ready)
        version, healthy = -1, False
        while not self._stopped:
            epoch, current = self._table.version()
            if current == version and epoch == self._epoch:
                self._bell.wait(_EVERY)
                self._bell.clear()
                continue
            version = current
            if epoch != self._epoch:  # another file: all of it has come meanwhile
                self._epoch, self._seq = epoch, 0
            self._take_all()
            if not healthy:
                healthy = True
                self._hand_over(self._health, True)

    def _take_all(self) -> None:
        while not self._stopped:
            epoch, seq, entries = self._table.after(self._seq, _AT_ONCE)
            if not entries or epoch != self._epoch:
                return
            self._hand_over(self._deliver, epoch, entries)
            self._seq = seq

    def _hand_over(self, function: Callable[..., None], *arguments: object) -> None:
        """Call something in the loop, and wait for it: what comes meanwhile waits in the file."""

        def call() -> None:
            self._taken.set()
            function(*arguments)

        self._taken.clear()
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:  # the loop is closed: nobody listens
            self._stopped = True
        while not (self._stopped or self._taken.wait(_PATIENCE)):
            pass
