"""A log in an SQLite file: for all processes of one machine."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from servey_channels.logs.base import Deliver, EventLog, Health, Replay
from servey_channels.logs.sqlite_file import BUSY_SECONDS
from servey_channels.logs.sqlite_table import EventTable
from servey_channels.logs.sqlite_watch import Watch
from servey_core import History, Position, SettingsError, Unavailable
from servey_core.state.resident import Residence

_URL = "sqlite:///"

P = ParamSpec("P")
ResultT = TypeVar("ResultT")


class SqliteLog(EventLog):
    """Keeps events in a file, which is made when it is first needed, for its owner alone.

    Events survive a crash of any process. After one of the machine, the log has another epoch, as
    the last events may be lost. The file must be on a local disk, not on a network's.

    Args:
        path: The file; other tables may be in it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._table = Residence(partial(EventTable, path), "servey-events")
        self._watches: set[Watch] = set()

    def append(self, channel: str, event: bytes, *, target: str, history: History) -> Position:
        """Add an event; it blocks."""
        call = _timely(EventTable.append)
        position = self._table.use_blocking(call, channel, event, target, history)
        self._ring()
        return position

    async def aappend(
        self, channel: str, event: bytes, *, target: str, history: History
    ) -> Position:
        """Add an event without blocking the event loop."""
        call = _timely(EventTable.append)
        position = await self._table.use(call, channel, event, target, history)
        self._ring()
        return position

    async def position(self, channel: str) -> Position:
        """Where a channel is now."""
        return await self._table.use(_timely(EventTable.position), channel)

    async def since(self, channel: str, position: Position, history: History) -> Replay:
        """The events after a position."""
        return await self._table.use(_timely(EventTable.since), channel, position, history)

    async def follow(self, deliver: Deliver, health: Health, ready: Callable[[], None]) -> None:
        """Give events as they are appended, by any process."""
        watch = Watch(self._path, asyncio.get_running_loop(), deliver, health, ready)
        self._watches.add(watch)
        try:
            await watch.run()
        finally:
            self._watches.discard(watch)

    async def close(self) -> None:
        """Close the file."""
        await self._table.close()

    def _ring(self) -> None:
        for watch in list(self._watches):
            watch.ring()


def sqlite_log(setting: str, url: str) -> SqliteLog:
    """The log that an `sqlite` URL names; the file is made later.

    Raises:
        SettingsError: The URL names no file, or one in a folder that is not there.
    """
    name = url[len(_URL) :]
    if not url.lower().startswith(_URL) or name in ("", "/", ":memory:"):
        raise SettingsError(
            f"{setting} is {url!r}, which names no file: `sqlite:///servey.db` is one in the "
            "working folder, and `sqlite:////var/lib/app/servey.db` one elsewhere."
        )
    path = Path(name).absolute()
    if not path.parent.is_dir():
        raise SettingsError(
            f"{setting}: events cannot be kept in {path}: there is no such folder. Name a file "
            "that can be written, such as `sqlite:////var/lib/app/servey.db`."
        )
    return SqliteLog(path)


def _timely(
    method: Callable[Concatenate[EventTable, P], ResultT],
) -> Callable[Concatenate[EventTable, P], ResultT]:
    """Call a method only where what was asked before has not taken too long for who waits."""
    asked = time.monotonic()

    def call(table: EventTable, /, *args: P.args, **kwargs: P.kwargs) -> ResultT:
        if time.monotonic() - asked > BUSY_SECONDS:
            raise Unavailable("The event log (sqlite) cannot be used just now.")
        return method(table, *args, **kwargs)

    return call
