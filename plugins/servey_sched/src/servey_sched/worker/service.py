"""The service `jobs`: a worker in each process that serves."""

import asyncio
import logging

from servey_core import Runtime, Service, ServiceContext
from servey_core.stopping import ends_before
from servey_sched.brokers.memory import MemoryBroker
from servey_sched.queue import DramatiqQueue, queue_names
from servey_sched.scheduling.claiming import claims_of
from servey_sched.settings import SchedSettings
from servey_sched.worker.worker import Worker

NAME = "jobs"

_MARGIN_SECONDS = 3.0
"""How much of the grace time is kept for telling the broker, at most half of it."""

_log = logging.getLogger("servey.jobs")


def jobs_service(runtime: Runtime, queue: DramatiqQueue) -> Service:
    """The service that runs background jobs.

    Args:
        runtime: The application.
        queue: Its task queue.
    """
    settings = runtime.settings.group(SchedSettings)
    names = list(settings.job_queues) or queue_names(runtime)
    for name in names:
        queue.broker.declare_queue(name)

    async def run(context: ServiceContext) -> None:
        worker = Worker(runtime, queue.broker, names, claims_of(runtime, queue.broker).ended)
        if isinstance(queue.broker, MemoryBroker):
            _log.warning(
                "SERVEY_BROKER_URL is memory: - jobs that are not done are lost when this process "
                "ends."
            )
        await asyncio.to_thread(worker.start)
        context.started()
        ended = asyncio.wrap_future(worker.ended)
        if not await ends_before(asyncio.shield(ended), context.stop):
            grace = context.grace_seconds
            await asyncio.to_thread(worker.stop, grace - min(_MARGIN_SECONDS, grace / 2))
        _warn_of_lost(queue)
        await ended

    described = f"of {', '.join(names)} on {settings.broker_url}"
    return Service(NAME, run, description=lambda _: described)


def _warn_of_lost(queue: DramatiqQueue) -> None:
    """Say how many jobs end with this process."""
    if not isinstance(queue.broker, MemoryBroker):
        return
    sizes = queue.broker.sizes().values()
    if lost := sum(size.ready + size.delayed + size.running for size in sizes):
        _log.warning("%d jobs that were not done are lost, as they were kept in memory.", lost)
