"""Tells others how far running jobs are, and running jobs that somebody has cancelled them."""

import asyncio
import logging

from servey_core import JobState, Progress, StateStore
from servey_sched.jobs.cancelling import cancelled_jobs
from servey_sched.jobs.records import LONGEST_RUN, JobRecord, write_record
from servey_sched.worker.running import JobRunner
from servey_sched.worker.tries import Try

EVERY = 0.5
"""How often is looked, in seconds."""

_log = logging.getLogger("servey.jobs")


async def watch(runner: JobRunner, store: StateStore) -> None:
    """Look after the jobs of a worker, until it is cancelled.

    Args:
        runner: Runs them.
        store: Where progress and cancellations are kept.
    """
    watching = _Watching(runner, store)
    while True:
        await watching.look()
        await asyncio.sleep(EVERY)


class _Watching:
    def __init__(self, runner: JobRunner, store: StateStore) -> None:
        self._runner = runner
        self._store = store
        self._shown: dict[Try, Progress] = {}
        self._failing = False

    async def look(self) -> None:
        """Look once; what goes wrong is said once, and tried again the next time."""
        try:
            await self._find_cancelled()
            await self._show_progress()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody else looks
            if not self._failing:
                _log.warning("Progress and cancellations of jobs have to wait: %r", error)
            self._failing = True
        else:
            self._failing = False

    async def _find_cancelled(self) -> None:
        runner = self._runner
        runner.cancelled = await cancelled_jobs(self._store)
        for one in list(runner.tries):
            if runner.has(one) and not one.job.cancelled and runner.is_cancelled(one):
                runner.cancel(one)

    async def _show_progress(self) -> None:
        tries, errors = self._runner.tries, list[Exception]()
        self._shown = {one: told for one, told in self._shown.items() if one in tries}
        for one in list(tries):
            progress = one.job.progress
            if progress is None or self._shown.get(one) is progress:
                continue
            try:
                await self._show(one, progress)
            except Exception as error:  # noqa: BLE001 - it is raised, once the others had their turn
                errors.append(error)
            else:
                self._shown[one] = progress
        if errors:
            raise errors[0]

    async def _show(self, one: Try, progress: Progress) -> None:
        """Show how far a job is, unless it has ended meanwhile, which is said elsewhere."""
        record = JobRecord(one.action.name, JobState.RUNNING, progress)
        await write_record(
            self._store, one.job.id, record, LONGEST_RUN, unless=lambda: not self._runner.has(one)
        )
