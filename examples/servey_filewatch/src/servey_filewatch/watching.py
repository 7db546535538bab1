"""The service that watches folders, and runs actions when files in them change."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

from watchfiles import Change, awatch

from servey_core import (
    Binding,
    Context,
    Invoker,
    ProblemError,
    Runtime,
    Service,
    ServiceContext,
)
from servey_filewatch.checking import arguments, check, file_bindings
from servey_filewatch.settings import FilewatchSettings
from servey_filewatch.triggers import FileTrigger

_log = logging.getLogger("servey.filewatch")


def filewatch_service(runtime: Runtime) -> Service:
    """Make the service `filewatch`; a singleton, as two watchers would run an action twice.

    Raises:
        ActionError: An action or its folder cannot be used.
    """
    bindings = file_bindings(runtime)
    watches = [_Watch(runtime, binding) for binding in bindings]

    async def run(context: ServiceContext) -> None:
        async with asyncio.TaskGroup() as group:
            for watch in watches:
                group.create_task(watch.run(context.stop))
            await asyncio.sleep(0)  # each has taken its first step: it watches
            context.started()
            await context.stop.wait()

    folders = ", ".join(sorted({str(watch.folder) for watch in watches}))
    return Service("filewatch", run, bindings, singleton=True, description=lambda _: folders)


class _Watch:
    """One trigger of one action."""

    def __init__(self, runtime: Runtime, binding: Binding) -> None:
        assert isinstance(binding.trigger, FileTrigger)
        self.folder = Path(binding.trigger.folder).absolute()
        self._trigger = binding.trigger
        self._invoker: Invoker = runtime.invoker(binding.action.name)
        self._debounce = runtime.settings.group(FilewatchSettings).filewatch_debounce_ms
        check(binding, self._trigger, self._invoker.signature)

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set."""
        async for changes in awatch(
            self.folder,
            watch_filter=None,
            debounce=self._debounce,
            step=min(50, self._debounce),
            stop_event=stop,
            recursive=False,
        ):
            for path, change in _settled(changes, self._trigger).items():
                await self._call(change, path)

    async def _call(self, change: str, path: Path) -> None:
        """Run the action; a problem ends this call, and never the watching."""
        signature, context = self._invoker.signature, Context(surface="filewatch")
        try:
            given = arguments(signature, change, path)
            await self._invoker.invoke(signature.from_json, given, context)
        except ProblemError as problem:
            _log.error("%s, for %s (%s): %s", self._invoker.action.name, path, change, problem)


def _settled(changes: Iterable[tuple[Change, str]], trigger: FileTrigger) -> dict[Path, str]:
    """One change for each file that counts: of several at once, the one that fits what is there."""
    settled: dict[Path, str] = {}
    for change, name in sorted(changes):
        path, happened = Path(name), change.raw_str()
        if trigger.matches(happened, path) and path.is_file() == (happened != "deleted"):
            settled.setdefault(path, happened)
    return settled
