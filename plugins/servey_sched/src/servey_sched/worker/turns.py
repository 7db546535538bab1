"""Whose turn it is among the jobs of an action of which a few run at once, over all nodes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from servey_core import Action, Runtime, ServeyError
from servey_sched.jobs.slots import Slots
from servey_sched.settings import SchedSettings
from servey_sched.worker.pacing import Pace
from servey_sched.worker.rooms import PATIENCE

WAITING = 4
"""How many jobs of one action wait here for their turn; more of them go back to the broker."""

_LOOK_SECONDS = 0.2
"""How often is looked whether another node has given up a slot."""

_log = logging.getLogger("servey.jobs")


class Turns:
    """Gives turns to the jobs of one worker.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def of(
        self, action: Action, limit: int, deferrals: int, *, insists: bool
    ) -> AsyncIterator[None]:
        """Wait for a turn, and hold it while the context is open.

        Args:
            action: Whose job it is.
            limit: How many of its jobs run at once.
            deferrals: How often the job has waited elsewhere.
            insists: Whether it waits here though many do.

        Raises:
            PutAside: It did not come for a while, or enough others wait here already.
        """
        line = self._line_of(action, limit)
        slot = await line.wait(deferrals, insists=insists)
        try:
            async with line.slots.held(slot):
                yield
        finally:
            line.given_up.set()

    def _line_of(self, action: Action, limit: int) -> "_Line":
        if action.name not in self._lines:
            slots = Slots(
                self._runtime.state,
                action.name,
                limit,
                lease=self._runtime.settings.group(SchedSettings).job_lease_seconds,
                lingers=action.in_thread,
            )
            self._lines[action.name] = _Line(action.name, slots)
        return self._lines[action.name]


class _Line:
    """The jobs of one action that wait here; the first of them looks out for a slot.

    Attributes:
        slots: The slots.
        given_up: Set when a job of this worker has given one back.
    """

    def __init__(self, name: str, slots: Slots) -> None:
        self.slots = slots
        self.given_up = asyncio.Event()
        self._name = name
        self._waiting = 0
        self._first = asyncio.Lock()
        self._pace = Pace()

    async def wait(self, deferrals: int, *, insists: bool) -> str:
        """Wait for a slot.

        Raises:
            PutAside: There was none for a while, or enough others wait already.
        """
        if self._waiting >= WAITING and not insists:
            raise self._pace.put_aside(deferrals)
        waits = self._waiting > 0
        self._waiting += 1
        try:
            async with asyncio.timeout(PATIENCE), self._first:
                while not (slot := await self._taken()):
                    waits = True
                    await self._look_soon()
        except TimeoutError:
            raise self._pace.put_aside(deferrals) from None
        finally:
            self._waiting -= 1
        self._pace.took_in(waited=waits)
        return slot

    async def _taken(self) -> str:
        """A slot; none where all are taken, or where that cannot be found out."""
        self.given_up.clear()
        try:
            return await self.slots.take() or ""
        except ServeyError as error:
            _log.warning("%s waits, as its turn cannot be found out: %s", self._name, error)
            return ""

    async def _look_soon(self) -> None:
        """Wait until a job here has given up its slot, or for a moment."""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                await self.given_up.wait()
        except TimeoutError:
            return
