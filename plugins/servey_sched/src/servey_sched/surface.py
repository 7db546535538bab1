"""The surface `job`: every example runs as a background job, and comes back as its result."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from secrets import token_hex
from typing import Any

from servey_core import (
    Action,
    Authorization,
    Caller,
    Problem,
    ProblemError,
    Reply,
    Runtime,
    Surface,
)
from servey_core.enqueueing import order_job
from servey_core.job_handles import job_of
from servey_core.running_jobs import SURFACE
from servey_sched.brokers.base import JobBroker
from servey_sched.brokers.memory import MemoryBroker
from servey_sched.queue import DramatiqQueue, queue_names
from servey_sched.worker.worker import Worker

_KEPT_SECONDS = 60.0


def job_surface(
    runtime: Runtime, broker: Callable[[], JobBroker] = lambda: MemoryBroker(middleware=[])
) -> Surface:
    """The surface `job`, which every action has, with a worker of its own.

    Args:
        runtime: The application.
        broker: Makes the broker that jobs go through; it is closed in the end.
    """

    @asynccontextmanager
    async def opened() -> AsyncIterator[Caller]:
        queue = DramatiqQueue(runtime, broker())
        worker = Worker(runtime, queue.broker, queue_names(runtime))
        worker.start()
        try:
            yield _Caller(runtime, queue)
        finally:
            await asyncio.to_thread(worker.stop, 0.0)
            await asyncio.to_thread(queue.close)

    return Surface(SURFACE, serves=lambda _: True, open=opened)


class _Caller:
    def __init__(self, runtime: Runtime, queue: DramatiqQueue) -> None:
        self._runtime = runtime
        self._queue = queue

    async def __call__(
        self, action: Action, params: Mapping[str, Any], authorization: Authorization | None
    ) -> Reply:
        try:
            order = order_job(
                self._runtime,
                action.name,
                self._runtime.invoker(action.name).signature.from_json(json.dumps(params).encode()),
                authorization=authorization,
                idempotency_key=token_hex(16) if action.idempotency else None,
                keep_result=_KEPT_SECONDS,
                max_retries=0,
            )
        except ProblemError as error:
            return Reply(problem=Problem.of(error).to_dict())
        await self._queue.aput([order])
        reply = await job_of(order, self._runtime, self._queue).reply()
        if reply.problem is not None:
            return Reply(problem=reply.problem.to_dict())
        return Reply(json.loads(reply.body))
