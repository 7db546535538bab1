"""What `servey serve` runs: services, in one event loop, with one stop."""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import MappingProxyType

from servey_core.actions import Binding
from servey_core.errors import ServiceError

Sockets = Mapping[str, Sequence[socket.socket]]
"""What services listen on, by the names of the services."""

_REAP_SECONDS = 0.5
"""How long a service that was cut short may take to notice."""

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
        owner_of: The distributions that serve a binding, for the console, where others than the
            service's own plugin take part in it; empty for that one.
    """

    name: str
    run: Callable[[ServiceContext], Awaitable[None]]
    bindings: tuple[Binding, ...] = ()
    listen: Callable[[], Sequence[socket.socket]] | None = None
    singleton: bool = False
    description: Callable[[Sequence[socket.socket]], str] = lambda _: ""
    owner_of: Callable[[Binding], str] = lambda _: ""


@contextmanager
def listening(services: Iterable[Service]) -> Iterator[Sockets]:
    """Open what every service listens on, for a while; where one of them fails, none stays open."""
    with ExitStack() as stack:
        opened: dict[str, Sequence[socket.socket]] = {}
        for service in services:
            if service.listen is not None:
                opened[service.name] = service.listen()
                for one in opened[service.name]:
                    stack.enter_context(one)
        yield opened


async def run_services(
    services: Sequence[Service],
    *,
    grace_seconds: float,
    sockets: Sockets = MappingProxyType({}),
    stop: asyncio.Event | None = None,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Run services until one of them ends or `stop` is set; then stop all, and wait for them.

    Args:
        services: The services.
        grace_seconds: How long a stop waits for what is under way before it is cut short.
        sockets: What they listen on.
        stop: What ends them all; it is set when one of them ends by itself.
        ready: Called once all of them have started.

    Raises:
        ServiceError: One crashed, or returned though nobody had asked it to; the log has the
            traceback.
    """
    stop = stop or asyncio.Event()
    starting = _Starting((service.name for service in services), ready)
    running = {
        asyncio.create_task(
            _run(
                service,
                ServiceContext(
                    stop,
                    grace_seconds,
                    sockets.get(service.name, ()),
                    starting.reporter(service.name),
                ),
            )
        ): service.name
        for service in services
    }
    try:
        ended = await _first_to_end(running, stop)
        failures = _failures(running, ended, early=not stop.is_set())
    finally:
        stop.set()
        await _drain(running, grace_seconds)
    failures += _failures(running, running.keys() - ended, early=False)
    if failures:
        raise ServiceError("\n".join(failures))


class _Starting:
    """Counts who has still to start."""

    def __init__(self, names: Iterable[str], ready: Callable[[], None]) -> None:
        self._waiting = set(names)
        self._ready = ready

    def reporter(self, name: str) -> Callable[[], None]:
        def started() -> None:
            if name not in self._waiting:
                return
            self._waiting.remove(name)
            if not self._waiting:
                self._ready()

        return started


async def _run(service: Service, context: ServiceContext) -> None:
    """Run one service; one that exits the process only ends itself."""
    try:
        await service.run(context)
    except SystemExit as error:
        raise ServiceError(f"it would have exited the process with {error.code!r}") from error


async def _first_to_end(
    running: Mapping["asyncio.Task[None]", str], stop: asyncio.Event
) -> set["asyncio.Task[None]"]:
    """Wait for the stop, or for a service to end before it."""
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait([stopped, *running], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
    return {task for task in running if task.done()}


def _failures(
    running: Mapping["asyncio.Task[None]", str],
    ended: Iterable["asyncio.Task[None]"],
    *,
    early: bool,
) -> list[str]:
    """Log what went wrong with services that ended, and say it in a line for each."""
    failures = []
    for task in ended:
        name = running[task]
        error = None if not task.done() or task.cancelled() else task.exception()
        if error is not None:
            failures.append(f"The service {name!r} crashed: {error!r}")
        elif early:
            failures.append(f"The service {name!r} ended, though nobody stopped it.")
        else:
            continue
        _log.error("%s", failures[-1], exc_info=error, extra={"service": name})
    return failures


async def _drain(running: Mapping["asyncio.Task[None]", str], grace_seconds: float) -> None:
    """Wait for services to stop; cut those short that take too long."""
    if not running:
        return
    _, late = await asyncio.wait(running, timeout=grace_seconds)
    for task in late:
        name = running[task]
        _log.warning(
            "The service %r did not stop within %g s, and is cut short.",
            name,
            grace_seconds,
            extra={"service": name},
        )
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=_REAP_SECONDS)
