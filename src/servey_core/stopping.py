"""How a process of `servey serve` ends: by signals, within a grace time, whatever hangs in it."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from queue import SimpleQueue
from types import FrameType

INTERRUPTED = 128 + signal.SIGINT
"""The exit status of a process that Ctrl-C ended at once."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_MARGIN_SECONDS = 1.0
"""How much longer than the grace time a process may be there before it is ended by force."""
_LAST_WORDS_SECONDS = 0.2

_log = logging.getLogger("servey.stopping")


class Stopper:
    """Ends one process: SIGTERM and Ctrl-C ask it to stop, a second Ctrl-C ends it at once.

    From the first signal on, or from a stop that the process decided on by itself, a thread
    watches that the process is gone in time; it stays armed after `run` has returned, for what
    hangs in the interpreter's own exit. So whoever uses this means the process to end.

    Args:
        grace_seconds: How long what is under way may take.
        cut: Called before the process is ended by force.
        interruptible: Whether Ctrl-C counts; in a child process its parent takes care of it.
    """

    def __init__(
        self,
        grace_seconds: float,
        *,
        cut: Callable[[], None] = lambda: None,
        interruptible: bool = True,
    ) -> None:
        self._grace = grace_seconds
        self._cut = cut
        self._interruptible = interruptible
        self._code = 1
        self._begun_at: float | None = None
        self._begun: SimpleQueue[None] = SimpleQueue()  # its `put` may be called in signal handlers
        self._stop: Callable[[], None] = lambda: None

    @property
    def remaining(self) -> float:
        """What is left of the grace time, in seconds."""
        begun = time.monotonic() if self._begun_at is None else self._begun_at
        return max(0.0, begun + self._grace - time.monotonic())

    def run(
        self,
        main: Callable[[asyncio.Event], Awaitable[int]],
        loop_factory: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> int:
        """Run a coroutine function in an event loop of its own.

        Args:
            main: Given the stop, an event that is set when the process should end.
            loop_factory: What makes the event loop; None for asyncio's own.

        Returns:
            The exit status, as `main` gives it.
        """
        threading.Thread(target=self._watch, name="servey-stopper", daemon=True).start()
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            self._code = runner.run(self._main(main))
        self._take_signals()  # closing the loop gave them back
        return self._code

    async def _main(self, main: Callable[[asyncio.Event], Awaitable[int]]) -> int:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        self._stop = lambda: _call_soon(loop, stop.set)
        for number in _SIGNALS:
            with suppress(NotImplementedError):  # having a handler lets signals wake the loop
                loop.add_signal_handler(number, lambda: None)
        self._take_signals()
        begins = asyncio.ensure_future(self._begin_with(stop))
        try:
            return await main(stop)
        finally:
            self._begin()
            begins.cancel()

    def _take_signals(self) -> None:
        """Handle signals in Python, which works even where a service blocks the event loop."""
        for number in _SIGNALS:
            signal.signal(number, self._on_signal)
        if hasattr(signal, "pthread_sigmask"):  # a parent holds it back while a child starts
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if number == signal.SIGINT and not self._interruptible:
            return
        if number == signal.SIGINT and self._begun_at is not None:
            self._cut()
            os._exit(INTERRUPTED)
        if self._begun_at is None:
            self._code = 0
        self._begin()
        self._stop()

    async def _begin_with(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._begin()

    def _begin(self) -> None:
        if self._begun_at is None:
            self._begun_at = time.monotonic()
            self._begun.put(None)

    def _watch(self) -> None:
        self._begun.get()
        time.sleep(self._grace + _MARGIN_SECONDS)
        # Logging may hang as well: where stderr is a pipe that nobody reads.
        last_words = threading.Thread(target=self._report, daemon=True)
        last_words.start()
        last_words.join(_LAST_WORDS_SECONDS)
        self._cut()
        os._exit(self._code)

    def _report(self) -> None:
        _log.warning(
            "The process did not end within %g s, and is cut short; it is at %s.",
            self._grace,
            _whereabouts(),
        )
        sys.stdout.flush()


async def ends_before(awaitable: Awaitable[object], stop: asyncio.Event) -> bool:
    """Wait for an awaitable or for the stop, and say whether it was not the stop.

    Args:
        awaitable: What may end first; it is cancelled where it does not.
        stop: The stop.
    """
    awaited, stopped = asyncio.ensure_future(awaitable), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((awaited, stopped), return_when=asyncio.FIRST_COMPLETED)
    finally:
        awaited.cancel()
        stopped.cancel()
        await asyncio.wait((awaited, stopped))
    return not stop.is_set()


def _call_soon(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed: the process ends already
        loop.call_soon_threadsafe(function)


def _whereabouts() -> str:
    """Where the threads are that keep the process from ending, as `name (file:line)`."""
    frames = sys._current_frames()  # noqa: SLF001 - the only way to them
    holding = [thread for thread in threading.enumerate() if not thread.daemon]
    return ", ".join(
        f"{thread.name} ({frame.f_code.co_filename}:{frame.f_lineno})"
        for thread in holding
        if (frame := frames.get(thread.ident or 0))
    )
