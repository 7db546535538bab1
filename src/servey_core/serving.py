"""One process that serves: its event loop, its services, its end."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from servey_core.errors import ServiceError, SettingsError
from servey_core.services import Service, Sockets, run_services
from servey_core.stopping import Stopper

if TYPE_CHECKING:
    from servey_core.runtime import Runtime

_MARGIN_SECONDS = 1.0
"""How much of the grace time is kept for those jobs of the process that have to be cut short."""

_log = logging.getLogger("servey.serve")


def serve_services(
    runtime: "Runtime",
    services: Sequence[Service],
    sockets: Sockets,
    *,
    worker: int | None = None,
    child: bool = False,
) -> int:
    """Run services until a signal or a crash stops them. To be followed by the process's exit.

    Args:
        runtime: The application.
        services: The services to run.
        sockets: What they listen on.
        worker: The number of this worker process, where there are several.
        child: Whether a parent process takes care of Ctrl-C.

    Returns:
        The exit status: 0 after an orderly stop, 1 after a crash.
    """
    core = runtime.settings.core
    stopper = Stopper(core.grace_seconds, interruptible=not child)

    async def main(stop: asyncio.Event) -> int:
        try:
            await run_services(
                services,
                grace_seconds=core.grace_seconds,
                sockets=sockets,
                stop=stop,
                ready=lambda: _report_ready(services, worker),
            )
        except ServiceError as error:
            _log.error("Stopped: %s", error)
            return 1
        finally:
            grace = max(0.0, stopper.remaining - _MARGIN_SECONDS)
            await asyncio.to_thread(runtime.close_task_queue, grace)
            await asyncio.to_thread(runtime.close_transports)
            await runtime.close_state()
        return 0

    code = stopper.run(main, loop_factory(core.loop))
    runtime.pool.close(stopper.remaining)
    return code


def loop_factory(choice: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop, as the setting `loop` says; None for asyncio's own.

    Raises:
        SettingsError: It should be uvloop, which is not installed.
    """
    if choice == "asyncio":
        return None
    try:
        import uvloop
    except ImportError:
        if choice == "uvloop":
            raise SettingsError(
                "The setting 'loop' is uvloop, which is not installed: pip install uvloop"
            ) from None
        return None
    return uvloop.new_event_loop


def _report_ready(services: Sequence[Service], worker: int | None) -> None:
    names = ", ".join(service.name for service in services)
    fields = {"services": [service.name for service in services]}
    if worker is None:
        _log.info("Serving %s.", names, extra=fields)
    else:
        _log.info("Worker %d serves %s.", worker, names, extra={**fields, "worker": worker})
