"""What the module of each library has for a worker to run, and for a process that enqueues."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Protocol

THREADS = 8
"""How many threads each worker process has, where it has threads."""

URL = "SERVEY_BROKER_URL"
NAME = "BENCHMARK_QUEUE"
NOTES = "BENCHMARK_NOTES"
"""Variables of the environment: where the broker is, the name of the queue there, and the notes."""


class Library(Protocol):
    """Enqueues jobs, each durable when the call returns: made in a process of its own.

    A worker runs `work` for each of them. It may be started first: what a queue needs is declared
    by whoever comes first.
    """

    def enqueue(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one; the numbers come when it is time for each."""

    def close(self) -> None:
        """Take back from the broker what it keeps beyond the run, and leave."""


class BatchLibrary(Library, Protocol):
    """A library that also enqueues many jobs at once."""

    def enqueue_many(self, numbers: Sequence[int]) -> None:
        """Enqueue jobs in one step."""


class AsyncLibrary(ABC):
    """A library whose functions are asynchronous: one event loop for all calls."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._runner.run(self.connect())

    def enqueue(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""
        self._runner.run(self.send(numbers))

    def close(self) -> None:
        """Leave."""
        self._runner.run(self.disconnect())
        self._runner.close()

    @abstractmethod
    async def connect(self) -> None:
        """Open what is needed."""

    @abstractmethod
    async def send(self, numbers: Iterable[int]) -> None:
        """Enqueue jobs one by one."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Take back what the broker keeps, and close what is open."""
