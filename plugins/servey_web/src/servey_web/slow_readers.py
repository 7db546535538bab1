"""Callers that ask for much and take nothing: each would hold a connection for ever."""

import asyncio
from collections.abc import Callable

from servey_web.bodies import Patience


class SlowReaderGuard:
    """Watches one connection while there is more to send than its caller takes.

    Args:
        loop: The event loop.
        patience: How long nothing may be taken, and how much has to be in that time.
        give_up: Called where less is taken.
    """

    __slots__ = ("_due", "_give_up", "_loop", "_seconds", "_timer")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, patience: Patience, give_up: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._seconds = patience.seconds
        self._due = patience.seconds * patience.bytes_per_second
        self._give_up = give_up
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, transport: asyncio.WriteTransport) -> None:
        """Begin to watch: the transport has more to send than it wants to."""
        left = transport.get_write_buffer_size()
        self._timer = self._loop.call_later(self._seconds, self._look, transport, left)

    def stop(self) -> None:
        """Watch no longer: what there was has been taken, or the connection is lost."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, transport: asyncio.WriteTransport, before: int) -> None:
        if before - transport.get_write_buffer_size() < self._due:
            self._give_up()
        else:
            self.watch(transport)
