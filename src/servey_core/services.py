"""What `servey serve` runs: services, in one event loop, with one stop."""

import asyncio
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from servey_core.actions import Binding
from servey_core.errors import ServiceError

_log = logging.getLogger("servey.services")


@dataclass(frozen=True)
class ServiceContext:
    """What a running service is given.

    Attributes:
        stop: Set when the service should finish what is under way, and return.
        grace_seconds: How long it may take to.
        sockets: What the service's `listen` opened, here or in the parent process.
        started: To be called by the service once it serves.
    """

    stop: asyncio.Event
    grace_seconds: float
    sockets: Sequence[socket.socket] = ()
    started: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Service:
    """A long-running thing.

    Attributes:
        name: What `servey serve NAME` calls it.
        run: Runs it until `context.stop` is set.
        bindings: The bindings that it serves.
        listen: Opens the sockets that it listens on, before anything runs; where there are several
            worker processes, it is called once, in their parent.
        singleton: Whether it must run once only, however many worker processes there are.
        description: One line for the console, such as where it can be reached.
    """

    name: str
    run: Callable[[ServiceContext], Awaitable[None]]
    bindings: tuple[Binding, ...] = ()
    listen: Callable[[], Sequence[socket.socket]] | None = None
    singleton: bool = False
    description: Callable[[Sequence[socket.socket]], str] = field(default=lambda _: "")


async def run_services(
    services: Sequence[Service],
    *,
    grace_seconds: float,
    sockets: dict[str, Sequence[socket.socket]] | None = None,
    stop: asyncio.Event | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Run services until one of them crashes or `stop` is set.

    Args:
        services: The services.
        grace_seconds: How long a stop waits for what is under way before it is cancelled.
        sockets: What they listen on, by name; what is missing is opened here.
        stop: What ends them all; SIGTERM and SIGINT set it.
        ready: Called once all of them have started.

    Raises:
        ServiceError: One crashed, or returned though nobody had asked it to; all were stopped.
    """
    stop = stop or asyncio.Event()
    waiting = {service.name for service in services}

    def started(name: str) -> None:
        waiting.discard(name)
        if not waiting:
            ready()

    tasks: dict[asyncio.Task[None], Service] = {}
    with _signals_set(stop):
        for service in services:
            context = ServiceContext(
                stop,
                grace_seconds,
                _sockets_of(service, sockets or {}),
                lambda name=service.name: started(name),  # type: ignore[misc]
            )
            task = asyncio.ensure_future(service.run(context))
            tasks[task] = service  # type: ignore[index]
        crashed = await _until_stopped(tasks, stop)
        stop.set()
        await _drain(tasks, grace_seconds)
    if crashed is not None:
        service = tasks[crashed]
        if (error := crashed.exception()) is None:
            raise ServiceError(f"The service {service.name!r} ended, though nobody stopped it.")
        raise ServiceError(f"The service {service.name!r} crashed: {error!r}") from error


def _sockets_of(
    service: Service, sockets: dict[str, Sequence[socket.socket]]
) -> Sequence[socket.socket]:
    if service.name in sockets or service.listen is None:
        return sockets.get(service.name, ())
    return service.listen()


async def _until_stopped(
    tasks: dict[asyncio.Task[None], Service], stop: asyncio.Event
) -> asyncio.Task[None] | None:
    """Wait for the stop; the task that ended before it, if one did."""
    stopped = asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if stop.is_set():
        return None
    return next((task for task in tasks if task in done), None)


async def _drain(tasks: dict[asyncio.Task[None], Service], grace_seconds: float) -> None:
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=grace_seconds)
    for task in late:
        _log.warning(
            "the service %r did not stop within %g s and is cut short",
            tasks[task].name,
            grace_seconds,
        )
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def _signals_set(stop: asyncio.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set `stop` for a while, where this is the main thread."""
    loop = asyncio.get_running_loop()
    handled = []
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stop.set)
        except (NotImplementedError, RuntimeError, ValueError):
            continue
        handled.append(number)
    try:
        yield
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
