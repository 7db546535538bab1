"""Runs cases one by one, each surface being opened once, when it is first needed."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from servey_core.current import running
from servey_core.surfaces import Caller, ChannelSurface, Publisher, Surface
from servey_core.testing.cases import AnyCase, Case
from servey_core.testing.checking import check
from servey_core.testing.event_checking import check_event
from servey_core.testing.surface import function_surface

if TYPE_CHECKING:
    from servey_core.runtime import Runtime


WITHOUT_TRACES = {
    "rate_limits": False,
    "state": "memory:",
    "broker_url": "memory:",
    "channels_url": "memory:",
}
"""Settings under which examples do not get in each other's way, and leave nothing behind."""

DoorT = TypeVar("DoorT", Caller, Publisher)


class ExampleRunner:
    """Runs cases on an event loop of its own; close it in the end, or use it as a context manager.

    Args:
        runtime: The application.
    """

    def __init__(self, runtime: "Runtime") -> None:
        self._runtime = runtime
        self._reference = function_surface(runtime)
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._callers: dict[str, _Opened[Caller]] = {}
        self._publishers: dict[str, _Opened[Publisher]] = {}
        self._opened: list[_Opened[Any]] = []

    def run(self, case: AnyCase) -> None:
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

    async def _check(self, case: AnyCase) -> None:
        with running(self._runtime):
            if isinstance(case, Case):
                reference = await self._caller(self._reference)
                await check(case, await self._caller(case.surface), reference)
            else:
                await check_event(case, await self._publisher(case.surface))

    async def _caller(self, surface: Surface) -> Caller:
        if surface.name not in self._callers:
            self._callers[surface.name] = self._kept(_Opened(surface.open()))
        return await self._callers[surface.name].door()

    async def _publisher(self, surface: ChannelSurface) -> Publisher:
        if surface.name not in self._publishers:
            self._publishers[surface.name] = self._kept(_Opened(surface.open()))
        return await self._publishers[surface.name].door()

    def _kept(self, opened: "_Opened[DoorT]") -> "_Opened[DoorT]":
        self._opened.append(opened)
        return opened

    async def _close_surfaces(self) -> None:
        while self._opened:
            await self._opened.pop().close()


class _Opened(Generic[DoorT]):
    """An opened surface; one task enters and leaves it, as cancel scopes demand."""

    def __init__(self, opening: AbstractAsyncContextManager[DoorT]) -> None:
        self._leave = asyncio.Event()
        self._door: asyncio.Future[DoorT] = asyncio.get_running_loop().create_future()
        self._holder = asyncio.create_task(self._hold(opening))

    async def door(self) -> DoorT:
        events: set[asyncio.Future[Any]] = {self._holder, self._door}
        await asyncio.wait(events, return_when=asyncio.FIRST_COMPLETED)
        if not self._door.done():
            await self._holder  # raises what opening it failed with
        return self._door.result()

    async def close(self) -> None:
        self._leave.set()
        await asyncio.wait({self._holder})
        if self._door.done():
            self._holder.result()

    async def _hold(self, opening: AbstractAsyncContextManager[DoorT]) -> None:
        async with opening as door:
            self._door.set_result(door)
            await self._leave.wait()
