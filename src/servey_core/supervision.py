"""`servey serve --workers N`: worker processes that share their sockets, and are replaced."""

import asyncio
import logging
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from servey_core.children import Children
from servey_core.services import Service, Sockets
from servey_core.stopping import Stopper, ends_before

_SETTLED_SECONDS = 10.0
"""A worker that lived as long as this had started well."""
_SHORT_LIVES = 5
"""After as many short lives in a row, a worker is given up, and everything with it."""
_PAUSE_SECONDS = 0.05
_PARENT_SECONDS = 3.0
"""How much longer than the workers' grace time their parent may take."""

_log = logging.getLogger("servey.workers")


@dataclass
class _Worker:
    """One place among the workers, and how its processes have fared.

    Attributes:
        index: Its number; singleton services run in worker 0.
        sockets: What its services listen on.
        short_lives: How many processes in a row ended soon after they had started.
    """

    index: int
    sockets: Sockets
    short_lives: int = field(default=0)

    def lived(self, seconds: float) -> None:
        self.short_lives = 0 if seconds >= _SETTLED_SECONDS else self.short_lives + 1

    @property
    def given_up(self) -> bool:
        return self.short_lives >= _SHORT_LIVES

    @property
    def pause(self) -> float:
        """How long to wait before the next process: nothing at first, then ever longer."""
        return _PAUSE_SECONDS * (2**self.short_lives - 2) if self.short_lives else 0.0


def supervise(
    children: Children,
    services: Sequence[Service],
    sockets: Sockets,
    *,
    count: int,
    grace_seconds: float,
) -> int:
    """Keep worker processes running until a signal stops them, or one cannot be kept running.

    Args:
        children: What starts and ends them.
        services: What they run.
        sockets: What the services listen on.
        count: How many there are.
        grace_seconds: How long a worker may take to stop.

    Returns:
        The exit status: 0 after an orderly stop, 1 where a worker ended again and again.
    """
    workers = [_Worker(index, _sockets_of(index, services, sockets)) for index in range(count)]
    stopper = Stopper(grace_seconds + _PARENT_SECONDS, cut=children.kill)

    async def main(stop: asyncio.Event) -> int:
        await asyncio.gather(*(_keep_running(worker, children, stop) for worker in workers))
        return 1 if any(worker.given_up for worker in workers) else 0

    return stopper.run(main)


def runs_in(index: int, service: Service) -> bool:
    """Whether a service runs in the worker of this number."""
    return index == 0 or not service.singleton


def _sockets_of(index: int, services: Sequence[Service], sockets: Sockets) -> Sockets:
    names = [service.name for service in services if runs_in(index, service)]
    return {name: sockets[name] for name in names if name in sockets}


async def _keep_running(worker: _Worker, children: Children, stop: asyncio.Event) -> None:
    """Run one worker's processes, one after the other, until the stop."""
    while not stop.is_set():
        started = time.monotonic()
        child = await children.start(worker.index, worker.sockets)
        if not await ends_before(child.wait(), stop):
            await children.stop(child)
            return
        children.forget(child)
        worker.lived(time.monotonic() - started)
        _report_end(worker, child.returncode or 0)
        if worker.given_up:
            stop.set()
        else:
            await ends_before(asyncio.sleep(worker.pause), stop)


def _report_end(worker: _Worker, status: int) -> None:
    how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"exited with {status}"
    fields = {"worker": worker.index, "status": status}
    if worker.given_up:
        _log.error(
            "Worker %d %s, the %dth time soon after its start: everything stops.",
            worker.index,
            how,
            worker.short_lives,
            extra=fields,
        )
    else:
        _log.error("Worker %d %s, and is replaced.", worker.index, how, extra=fields)
