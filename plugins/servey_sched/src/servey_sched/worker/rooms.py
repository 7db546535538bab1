"""How many jobs of a kind this worker runs at once."""

import asyncio
from collections import deque

from servey_sched.worker.pacing import Pace

PATIENCE = 3.0
"""How long a job waits for room here before others may have it, in seconds."""


class Room:
    """Room for some jobs of one worker.

    Every job comes through here, and most of them wait: for that, a semaphore with a timeout costs
    as much as all else that a short job needs in the event loop.

    Args:
        size: How many.
    """

    def __init__(self, size: int) -> None:
        self._free = size
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._pace = Pace()

    async def enter(self, deferrals: int) -> None:
        """Wait for room, and take it until `leave`.

        Args:
            deferrals: How often the job has waited elsewhere.

        Raises:
            PutAside: There was none for a while.
        """
        if waits := not self._free:
            await self._wait(deferrals)
        else:
            self._free -= 1
        self._pace.took_in(waited=waits)

    def leave(self) -> None:
        """Let the job that has waited longest have the room."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    async def _wait(self, deferrals: int) -> None:
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        patience = loop.call_later(PATIENCE, _give_up, turn)
        try:
            await turn
        except TimeoutError:
            raise self._pace.put_aside(deferrals) from None
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:  # it came in the same moment
                self.leave()
            raise
        finally:
            patience.cancel()


def _give_up(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())
