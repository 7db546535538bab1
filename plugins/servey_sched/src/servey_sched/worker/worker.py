"""A worker: takes jobs of some queues, and runs them on an event loop of its own."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import dramatiq

from servey_core import Runtime
from servey_core.current import running
from servey_core.serving import loop_factory
from servey_sched.brokers.base import JobBroker
from servey_sched.settings import SchedSettings
from servey_sched.worker.consuming import Consuming
from servey_sched.worker.endings import Ended, nobody
from servey_sched.worker.running import JobRunner
from servey_sched.worker.verdicts import BACK, Verdict
from servey_sched.worker.watching import watch

_SETTLE_SECONDS = 2.0
"""For how long, at most, jobs that were cut short end, and the broker is told of the last jobs."""

_log = logging.getLogger("servey.jobs")


class Worker:
    """Runs the jobs of some queues.

    It has a thread with an event loop of its own: what blocks that holds up other jobs, and nothing
    else of the process. Functions that block run in the application's threads.

    Args:
        runtime: The application.
        broker: Where jobs come from.
        queues: The queues; their names.
        ended: Told of the jobs of schedules that have ended.

    Attributes:
        ended: Done when the worker has ended; with the error, where nobody had stopped it.
    """

    def __init__(
        self, runtime: Runtime, broker: JobBroker, queues: Sequence[str], ended: Ended = nobody
    ) -> None:
        self.ended: Future[None] = Future()
        self._runtime = runtime
        self._ended = ended
        self._consuming = [
            Consuming(broker, queue, _prefetch(runtime, queue), self._deliver) for queue in queues
        ]
        self._arrived: deque[tuple[Consuming, dramatiq.MessageProxy]] = deque()
        self._woken = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._grace = 0.0
        self._loop: asyncio.AbstractEventLoop
        self._runner: JobRunner
        self._thread = threading.Thread(target=self._work, name="servey-jobs", daemon=True)

    def start(self) -> None:
        """Begin to take jobs."""
        self._thread.start()
        self._ready.wait()

    def stop(self, grace_seconds: float) -> None:
        """Take no more jobs, and wait for those that run.

        Those that take longer go back to the broker, to run again elsewhere: coroutines are
        cancelled, functions in threads run on until the process ends.

        Args:
            grace_seconds: For how long to wait.
        """
        self._grace = grace_seconds
        for one in self._consuming:
            one.stop()
        with suppress(RuntimeError):  # it has crashed, and its loop is closed
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _work(self) -> None:
        try:
            factory = loop_factory(self._runtime.settings.core.loop)
            with running(self._runtime), asyncio.Runner(loop_factory=factory) as runner:
                runner.run(self._main())
        except BaseException as error:  # noqa: BLE001 - also what would end this thread in silence
            self._crash(error)
        else:
            self.ended.set_result(None)
        finally:
            self._ready.set()

    def _crash(self, error: BaseException) -> None:
        """Let others have the jobs; those that ran have failed, as what their loop ended with."""
        for one in self._consuming:
            one.stop()
        for one in self._consuming:
            one.close(_SETTLE_SECONDS)
        crash = RuntimeError(f"The event loop of the jobs has ended: {error!r}")
        crash.__cause__ = error
        self.ended.set_exception(crash)

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._runner = JobRunner(self._runtime, self._ended)
        watching = asyncio.create_task(watch(self._runner, self._runtime.state))
        for one in self._consuming:
            one.start()
        self._ready.set()
        try:
            await self._stop.wait()
            await self._drain()
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await self._runtime.state.close()

    def _deliver(self, consuming: Consuming, message: dramatiq.MessageProxy) -> None:
        """Hand a job over to the loop, which is woken once for as many as there are."""
        self._arrived.append((consuming, message))
        if not self._woken:
            self._woken = True
            self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        self._woken = False
        while self._arrived:
            consuming, message = self._arrived.popleft()
            task = self._loop.create_task(self._run(consuming, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _run(self, consuming: Consuming, message: dramatiq.MessageProxy) -> None:
        verdict: Verdict = BACK
        try:
            verdict = await self._runner.run(message)
        finally:
            consuming.settle(message, verdict)

    async def _drain(self) -> None:
        """Wait for the jobs that run, and let others have those that wait, or take too long."""
        cut_at = time.monotonic() + self._grace
        self._runner.stop()
        for one in self._consuming:
            await asyncio.to_thread(one.join, max(0.0, cut_at - time.monotonic()))
        await self._wait(cut_at - time.monotonic())
        if self._tasks:
            _log.warning("%d jobs did not end in time, and go back.", len(self._tasks))
            self._runner.cut()
            await self._wait(_SETTLE_SECONDS / 2)
        for task in self._tasks:  # which have ended, but cannot say so where that is kept
            task.cancel()
        await self._wait(_SETTLE_SECONDS / 4)
        await asyncio.gather(
            *(asyncio.to_thread(one.close, _SETTLE_SECONDS / 4) for one in self._consuming)
        )

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(0)  # what has just come begins, and ends if it must
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=max(0.0, seconds))


def _prefetch(runtime: Runtime, queue: str) -> int:
    """How many jobs of a queue are held: enough that none waits for the broker, and few more.

    What a worker holds and does not run yet, others cannot run.
    """
    settings = runtime.settings.group(SchedSettings)
    actions = [one for one in runtime.actions.values() if one.background.queue == queue]
    threads = 2 * settings.job_threads
    return threads if all(one.in_thread for one in actions) else threads + settings.job_coroutines
