"""Child processes of `servey serve`: what they are told, how they start, and how they end."""

import asyncio
import json
import os
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field

from servey_core.services import Sockets

VARIABLE = "SERVEY_WORKER"

_MARGIN_SECONDS = 2.0
"""How much longer than its grace time a child may take; it ends itself before."""


@dataclass(frozen=True)
class Assignment:
    """What a child process is told by its parent.

    Attributes:
        alive: A pipe's file descriptor, which comes to its end when the parent does.
        index: Its number among the worker processes; None where it is not one of several.
        sockets: The file descriptors of what its services listen on, by the services' names.
    """

    alive: int
    index: int | None = None
    sockets: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @contextmanager
    def listening(self) -> Iterator[Sockets]:
        """Take over the sockets that the parent opened, for a while."""
        with ExitStack() as stack:
            yield {
                name: [stack.enter_context(socket.socket(fileno=number)) for number in numbers]
                for name, numbers in self.sockets.items()
            }

    def end_with_parent(self) -> None:
        """Stop this process, as SIGTERM does, once the parent is gone."""
        threading.Thread(target=self._watch, name="servey-parent", daemon=True).start()

    def _watch(self) -> None:
        while os.read(self.alive, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)


def take_assignment() -> Assignment | None:
    """What this process was told, where it is a child; its own children shall not see it."""
    text = os.environ.pop(VARIABLE, None)
    if text is None:
        return None
    assignment = Assignment(**json.loads(text))
    numbers = [number for several in assignment.sockets.values() for number in several]
    for number in (assignment.alive, *numbers):
        os.set_inheritable(number, False)
    return assignment


class Children:
    """Starts and ends child processes.

    Args:
        command: The command line.
        environment: Variables to set for them.
        grace_seconds: How long one may take to stop.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], grace_seconds: float
    ) -> None:
        self._command = command
        self._environment = {**os.environ, **environment}
        self._grace = grace_seconds
        self._alive, self._held = os.pipe()
        self._running: set[asyncio.subprocess.Process] = set()

    async def start(
        self, index: int | None = None, sockets: Sockets | None = None
    ) -> asyncio.subprocess.Process:
        """Start one.

        Args:
            index: Its number among the worker processes.
            sockets: What its services listen on.
        """
        numbers = {
            name: [one.fileno() for one in several] for name, several in (sockets or {}).items()
        }
        orders = json.dumps(asdict(Assignment(self._alive, index, numbers)))
        with _interrupts_held_back():
            child = await asyncio.create_subprocess_exec(
                *self._command,
                env={**self._environment, VARIABLE: orders},
                pass_fds=(self._alive, *(one for several in numbers.values() for one in several)),
            )
        self._running.add(child)
        return child

    async def stop(self, child: asyncio.subprocess.Process) -> None:
        """Let one drain and end; kill it if it does not."""
        with suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), self._grace + _MARGIN_SECONDS)
        except TimeoutError:
            child.kill()
            await child.wait()
        self._running.discard(child)

    def forget(self, child: asyncio.subprocess.Process) -> None:
        """Take note that one has ended by itself."""
        self._running.discard(child)

    def kill(self) -> None:
        """End all of them at once."""
        for child in self._running:
            with suppress(ProcessLookupError):
                child.kill()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let a child start with Ctrl-C blocked, until it has a handler for it; none is lost here."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
