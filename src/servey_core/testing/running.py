"""Runs cases one by one, each surface being opened once, when it is first needed."""

import asyncio
from typing import TYPE_CHECKING, Any, Self

from servey_core.surfaces import Caller, Surface
from servey_core.testing.cases import Case
from servey_core.testing.checking import check
from servey_core.testing.surface import function_surface

if TYPE_CHECKING:
    from servey_core.runtime import Runtime


WITHOUT_TRACES = {"rate_limits": False, "state": "memory:"}
"""Settings under which examples do not get in each other's way, and leave no file behind."""


class ExampleRunner:
    """Runs cases on an event loop of its own; close it in the end, or use it as a context manager.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._reference = function_surface(runtime)
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._opened: dict[str, _Opened] = {}

    def run(self, case: Case) -> None:
        """Check one case.

        Raises:
            ExampleFailed: The example does not hold.
            Exception: Whatever the surface itself fails with.
        """
        self._runner.run(self._check(case))

    def close(self) -> None:
        """Close the surfaces, the last opened first, and the loop."""
        with self._runner:
            self._runner.run(self._close_surfaces())
        self._runtime.pool.close(self._runtime.settings.core.grace_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _check(self, case: Case) -> None:
        reference = await self._caller(self._reference)
        caller = await self._caller(case.surface)
        await check(case, caller, reference)

    async def _caller(self, surface: Surface) -> Caller:
        if surface.name not in self._opened:
            self._opened[surface.name] = _Opened(surface)
        return await self._opened[surface.name].caller()

    async def _close_surfaces(self) -> None:
        while self._opened:
            _, opened = self._opened.popitem()
            await opened.close()


class _Opened:
    """An opened surface; one task enters and leaves it, as cancel scopes demand."""

    def __init__(self, surface: Surface) -> None:
        self._leave = asyncio.Event()
        self._caller: asyncio.Future[Caller] = asyncio.get_running_loop().create_future()
        self._holder = asyncio.create_task(self._hold(surface))

    async def caller(self) -> Caller:
        events: set[asyncio.Future[Any]] = {self._holder, self._caller}
        await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
        if not self._caller.done():
            await self._holder  # raises what opening it failed with
        return self._caller.result()

    async def close(self) -> None:
        self._leave.set()
        await asyncio.wait({self._holder})
        if self._caller.done():
            self._holder.result()

    async def _hold(self, surface: Surface) -> None:
        async with surface.open() as caller:
            self._caller.set_result(caller)
            await self._leave.wait()
