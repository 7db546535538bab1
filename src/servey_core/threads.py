"""A bounded pool of threads for actions that block, cheap enough to use for every call.

Waking a thread, or the loop, costs far more than a short job. So threads are woken one at a time:
each that finds more work than its own wakes the next, and where jobs are short the first has done
them all before the second gets its turn. Results come back in batches, with one wake-up of the loop
for as many as are ready.

A thread cannot be interrupted: a job that nobody waits for any more is abandoned and reported, and
its thread is replaced, until as many are stuck as the pool has threads.
"""

import asyncio
import contextvars
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from servey_core.errors import Unavailable

_log = logging.getLogger("servey.threads")


class WorkerPool:
    """Runs functions in threads. A process that was forked has a pool without any at first.

    Args:
        size: How many run at once.
        backlog: How many more may wait for a thread.
    """

    def __init__(self, size: int, backlog: int) -> None:
        self._size = size
        self._room = size + backlog
        self.begin_empty()
        _pools().add(self)

    def begin_empty(self) -> None:
        """Have no threads and no jobs, as after a fork."""
        self._jobs: deque[_Job] = deque()
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._asleep: list[threading.Lock] = []
        self._waking = False
        self._closed = False
        self._pending = 0
        self._stuck: set[_Job] = set()
        self._mailbox: _Mailbox | None = None

    @property
    def stuck(self) -> dict[str, float]:
        """The abandoned jobs that still hold a thread: what runs, and for how many seconds."""
        now = time.monotonic()
        with self._lock:
            return {job.label: now - job.started for job in self._stuck}

    @property
    def starved(self) -> bool:
        """Whether so many threads are stuck that further ones would not be replaced."""
        return len(self._stuck) >= self._size

    async def run(
        self, function: Callable[..., Any], arguments: Mapping[str, Any], label: str
    ) -> Any:
        """Call `function` in a thread, with the context variables of the caller.

        Cancelling the await abandons the call: one that waits never runs, one that runs goes on
        unheeded.

        Args:
            function: What to call.
            arguments: Its arguments, by name.
            label: What to call it in reports.

        Raises:
            Unavailable: Too many calls wait for a thread already.
        """
        loop = asyncio.get_running_loop()
        mailbox = self._mailbox
        if mailbox is None or mailbox.loop is not loop:
            mailbox = self._mailbox = _Mailbox(loop)
        job = _Job(function, arguments, label, mailbox)
        self._submit(job)
        try:
            return await job.future
        except asyncio.CancelledError:
            self._abandon(job)
            raise

    def close(self, grace: float) -> None:
        """Let the threads end, and wait for them for at most `grace` seconds."""
        deadline = time.monotonic() + grace
        with self._lock:
            self._closed = True
            threads = list(self._threads)
            while self._asleep:
                self._asleep.pop().release()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _submit(self, job: "_Job") -> None:
        with self._lock:
            if self._pending >= self._room:
                raise Unavailable("All threads are busy, and too many calls wait for one.")
            self._pending += 1
            self._jobs.append(job)
            self._wake()

    def _wake(self) -> None:
        """Wake a thread, or start one, unless one is on its way; the lock is held."""
        if self._waking:
            return
        if self._asleep:
            self._waking = True
            self._asleep.pop().release()
        elif len(self._threads) - len(self._stuck) < self._size:
            self._waking = True
            self._add_thread()

    def _add_thread(self) -> None:
        thread = threading.Thread(target=self._work, name="servey-worker", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _work(self) -> None:
        sleeper = threading.Lock()
        sleeper.acquire()
        woken = True
        while True:
            with self._lock:
                self._waking = self._waking and not woken
                job = self._next()
                if job is None:
                    if self._closed:
                        break
                    self._asleep.append(sleeper)
            if woken := job is None:
                sleeper.acquire()
            elif self._runs_out(job):
                break
        with self._lock:
            self._threads.discard(threading.current_thread())

    def _next(self) -> "_Job | None":
        """Take the next job that somebody waits for; the lock is held."""
        while self._jobs:
            job = self._jobs.popleft()
            if not job.abandoned:
                job.started = time.monotonic()
                if self._jobs:
                    self._wake()
                return job
            self._pending -= 1
        return None

    def _runs_out(self, job: "_Job") -> bool:
        """Run a job; whether this thread has been replaced meanwhile."""
        job.execute()
        if self._finishes(job):
            job.mailbox.post(job)
            return False
        with self._lock:
            return len(self._threads) - len(self._stuck) > self._size

    def _finishes(self, job: "_Job") -> bool:
        with self._lock:
            job.finished = True
            if job.abandoned:
                self._stuck.discard(job)
            else:
                self._pending -= 1
        if job.abandoned:
            seconds = time.monotonic() - job.started
            _log.warning("%s, given up before, ended after %.1f s", job.label, seconds)
        return not job.abandoned

    def _abandon(self, job: "_Job") -> None:
        with self._lock:
            if job.finished or job.abandoned:
                return
            job.abandoned = True
            if not job.started:
                return
            self._pending -= 1
            self._stuck.add(job)
            stuck, replaced = len(self._stuck), len(self._stuck) <= self._size
            if replaced and self._jobs:
                self._wake()
        _log.warning("%s was given up and still holds a thread; %d are stuck", job.label, stuck)
        if not replaced:
            _log.error("as many threads are stuck as the pool has (%d): it shrinks", self._size)


@cache
def _pools() -> "weakref.WeakSet[WorkerPool]":
    """All that there are: their threads are not there in a process that was forked."""
    pools: weakref.WeakSet[WorkerPool] = weakref.WeakSet()

    def begin_empty() -> None:
        for pool in pools:
            pool.begin_empty()

    if hasattr(os, "register_at_fork"):  # there is none on Windows, which does not fork
        os.register_at_fork(after_in_child=begin_empty)
    return pools


class _Job:
    """One call on its way through the pool."""

    __slots__ = (
        "abandoned",
        "arguments",
        "context",
        "error",
        "finished",
        "function",
        "future",
        "label",
        "mailbox",
        "started",
        "value",
    )

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Mapping[str, Any],
        label: str,
        mailbox: "_Mailbox",
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.label = label
        self.mailbox = mailbox
        self.context = contextvars.copy_context()
        self.future: asyncio.Future[Any] = mailbox.loop.create_future()
        self.value: Any = None
        self.error: BaseException | None = None
        self.started = 0.0
        self.finished = False
        self.abandoned = False

    def execute(self) -> None:
        try:
            self.value = self.context.run(self.function, **self.arguments)
        except BaseException as error:  # noqa: BLE001 - whoever awaits the job gets it
            self.error = error

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.value)
        elif isinstance(self.error, StopIteration):
            # A future refuses StopIteration; a coroutine that raises it fails in this way too.
            failure = RuntimeError("the function raised StopIteration")
            failure.__cause__ = self.error
            self.future.set_exception(failure)
        else:
            self.future.set_exception(self.error)


class _Mailbox:
    """Carries finished jobs back to one event loop."""

    __slots__ = ("_finished", "_woken", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._finished: deque[_Job] = deque()
        self._woken = False

    def post(self, job: _Job) -> None:
        """Hand over a finished job; called by the pool's threads.

        Two threads may both wake the loop, which is harmless; that neither does is impossible,
        for `_deliver` clears the flag before it looks.
        """
        self._finished.append(job)
        if not self._woken:
            self._woken = True
            try:
                self.loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop is closed: nobody waits
                self._finished.clear()

    def _deliver(self) -> None:
        self._woken = False
        while self._finished:
            self._finished.popleft().settle()
