"""What the contract of logs is tested with: followers in threads, and processes that append."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from waiting import PATIENCE

from servey_channels.logs.base import Entry, EventLog
from servey_core import History, Position

HISTORY = History(1000, 300)

APPENDER = """
import json, os, sys, threading, time
from servey_core import History
{recipe}

def append(text, channel="a"):
    return log.append(channel, json.dumps(text).encode(), target="", history=History())

print("ready", flush=True)
for line in sys.stdin:
    word, count = line.split()
    for number in range(int(count)):
        append([word, number, time.time()])
    print("done", flush=True)
log.close_blocking()
"""


class Follower:
    """Follows a log on an event loop of its own, and keeps what it is given.

    Attributes:
        entries: Epochs and entries, in the order in which they came.
        health: What it was told of outages.
        moments: When each entry came.
    """

    def __init__(self, log: EventLog) -> None:
        self.entries: list[tuple[str, Entry]] = []
        self.health: list[bool] = []
        self.moments: list[float] = []
        self._log = log
        self._ready = threading.Event()

    def _deliver(self, epoch: str, entries: Sequence[Entry]) -> None:
        self.moments += [time.time()] * len(entries)
        self.entries += [(epoch, entry) for entry in entries]

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.ensure_future(
            self._log.follow(self._deliver, self.health.append, self._ready.set)
        )
        await asyncio.wait({self._task})
        await self._log.close()

    @contextmanager
    def running(self, *, ready: bool = True) -> Iterator["Follower"]:
        """Follow for as long as the context is open."""
        thread = threading.Thread(target=lambda: asyncio.run(self._run()))
        thread.start()
        try:
            assert not ready or self._ready.wait(PATIENCE)
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._task.cancel)
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def of(self, channel: str = "a") -> list[Entry]:
        """What came of a channel."""
        return [entry for _, entry in self.entries if entry.channel == channel]

    def offsets(self, channel: str = "a") -> list[int]:
        """The offsets of what came of a channel."""
        return [entry.offset for entry in self.of(channel)]


class Appender:
    """A process that appends what it is told to."""

    def __init__(self, recipe: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", APPENDER.format(recipe=recipe)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def wait(self, word: str = "ready") -> None:
        """Wait until it says so."""
        assert self._process.stdout
        assert self._process.stdout.readline() == f"{word}\n"

    def append(self, word: str, count: int) -> None:
        """Let it append."""
        assert self._process.stdin
        self._process.stdin.write(f"{word} {count}\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """Let it die at once."""
        self._process.kill()
        self._process.communicate()


def put(log: EventLog, text: Any, channel: str = "a", **given: Any) -> Position:
    """Append an event, without an event loop."""
    event = json.dumps(text).encode()
    return log.append(channel, event, **{"target": "", "history": HISTORY, **given})


def asked(log: EventLog, question: Callable[[EventLog], Any]) -> Any:
    """Ask a log something on an event loop of its own."""

    async def ask() -> Any:
        try:
            return await question(log)
        finally:
            await log.close()

    return asyncio.run(ask())
