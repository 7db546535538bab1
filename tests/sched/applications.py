"""Applications with schedules: on a virtual clock, in this process, and as processes of `serve`."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dramatiq
from broker_nodes import whole_lines
from waiting import PATIENCE, until

from servey_core import Runtime, action_of, start
from servey_core.services import run_services
from servey_sched.brokers.ticks import KnownSchedule
from servey_sched.queue import DramatiqQueue
from servey_sched.scheduling.claiming import Claims, claims_of
from servey_sched.scheduling.plans import Plan, plans_of
from servey_sched.scheduling.scheduler import Scheduler

START = datetime(2030, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


class VirtualClock:
    """A clock that is set by the test, or goes on by itself.

    Args:
        now: What it shows at first.
        ticking: Whether it goes on, as real clocks do.
    """

    def __init__(self, now: datetime = START, *, ticking: bool = False) -> None:
        self.now = now
        self._since = time.monotonic() if ticking else None

    def __call__(self) -> datetime:
        if self._since is None:
            return self.now
        return self.now + timedelta(seconds=time.monotonic() - self._since)

    def step(self, by: timedelta) -> None:
        """Set it forward or, by less than nothing, back."""
        self.now += by


class Enqueued(dramatiq.Middleware):
    """Notes each enqueue, also one that takes the place of another."""

    def __init__(self) -> None:
        self.messages: list[dramatiq.Message[Any]] = []
        self.delays: list[int | None] = []

    def after_enqueue(
        self, broker: dramatiq.Broker, message: dramatiq.Message[Any], delay: int | None
    ) -> None:
        self.messages.append(message)
        self.delays.append(delay)


class Application:
    """An application in this process, with what was enqueued so far.

    Args:
        functions: Its actions.
        broker: Its broker; None for the one that the settings name.
        settings: Further settings.
    """

    def __init__(self, *functions: Any, broker: Any = None, **settings: Any) -> None:
        given = {"plugins": ("sched",), "broker_url": "memory:", "state": "memory:", **settings}
        actions = [found for one in functions if (found := action_of(one)) is not None]
        self.runtime: Runtime = start(actions=actions, given=given)
        self.queue = (
            DramatiqQueue(self.runtime, broker) if broker is not None else self.runtime.task_queue
        )
        assert isinstance(self.queue, DramatiqQueue)
        self.broker: Any = self.queue.broker
        self.enqueued = Enqueued()
        self.broker.add_middleware(self.enqueued)

    @property
    def plans(self) -> list[Plan]:
        return plans_of(self.runtime)

    @property
    def plan(self) -> Plan:
        """Its only schedule."""
        [plan] = self.plans
        return plan

    @property
    def claims(self) -> Claims:
        return claims_of(self.runtime, self.broker)

    def scheduler(self, clock: Callable[[], datetime], claims: Claims | None = None) -> Scheduler:
        """A node's scheduler."""
        return Scheduler(self.plans, claims or self.claims, lambda: self.runtime.state, clock)

    def ids(self, ticks: Sequence[datetime]) -> list[str]:
        """The ids of the jobs of ticks."""
        return [self.plan.job_id(tick) for tick in ticks]

    @property
    def fired(self) -> list[str]:
        """The ids of what was enqueued, in order."""
        return [message.message_id for message in self.enqueued.messages]

    def known(self) -> KnownSchedule | None:
        """What is remembered of its only schedule."""

        async def ask() -> KnownSchedule | None:
            try:
                return (await self.claims.known([self.plan.name])).get(self.plan.name)
            finally:
                await self.runtime.state.close()

        return asyncio.run(ask())


async def play(clock: VirtualClock, end: datetime, *schedulers: Scheduler) -> None:
    """Run schedulers on a virtual clock, which goes from one tick to the next."""
    while clock.now < end:
        for scheduler in schedulers:
            await scheduler.turn()
        wake = min(one.wake for scheduler in schedulers for one in scheduler._watched)
        clock.now = min(end, max(wake, clock.now + timedelta.resolution))


@contextmanager
def served(application: Application, *names: str) -> Iterator[None]:
    """Run services of an application, in a thread, for as long as the context is open."""
    services = [application.runtime.services()[name].record for name in names]
    ready = threading.Event()
    loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def run() -> None:
        stop = asyncio.Event()
        loops.append((asyncio.get_running_loop(), stop))
        await run_services(services, grace_seconds=2.0, stop=stop, ready=ready.set)
        await application.runtime.close_state()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    try:
        assert ready.wait(PATIENCE)
        yield
    finally:
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE)
        assert not thread.is_alive()


class Folder:
    """An application's folder, and its processes.

    Args:
        folder: The folder, which is empty.
        settings: Settings of the processes.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        bare = {name: text for name, text in os.environ.items() if not name.startswith("SERVEY_")}
        given = {"log_format": "console", "plugins": "sched", **settings}
        self.environment = bare | {f"SERVEY_{name.upper()}": text for name, text in given.items()}

    def write(self, text: str) -> None:
        """Write its actions."""
        (self.folder / "actions.py").write_text(text)

    def serve(self, *services: str) -> "subprocess.Popen[str]":
        """Start `servey serve` from scratch; its output can be read."""
        return subprocess.Popen(
            [sys.executable, "-m", "servey_core", "serve", *services],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def lines(self, name: str = "jobs.log") -> list[Any]:
        """What the actions have written, by `APPEND`."""
        file = self.folder / name
        return [json.loads(line) for line in whole_lines(file)]


NURSERY = """
import json, os, signal, sys
from servey_core.cli import main
import servey_core.cli.serve, servey_core.enqueueing, servey_sched.services
import servey_sched.brokers.sqlite, servey_sched.scheduling.store_claims
for name in ("redis", "rabbitmq"):
    try:
        __import__("servey_sched.brokers." + name)
    except ImportError:
        pass

signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    folder, environment, arguments = json.loads(line)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(f"node-{os.getpid()}.log", os.O_WRONLY | os.O_CREAT)
    os.dup2(log, 1)
    os.dup2(log, 2)
    sys.argv = ["servey", *arguments]
    try:
        main()
    except SystemExit as end:
        print("exit status", end.code, flush=True)
        raise
"""


class Node:
    """A process of `servey serve`.

    Args:
        pid: The process's id.
        log: The file that it writes to.
    """

    def __init__(self, pid: int, log: Path) -> None:
        self._pid = pid
        self._log = log
        self._gone = False  # then its id may be another's

    def send(self, number: int) -> None:
        """Send a signal, where it is still there."""
        if not self._gone:
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        self.send(signal.SIGKILL)
        self.ended()

    def ended(self) -> str:
        """Wait until it is gone; what it has said, and its exit status."""
        until(lambda: not self._there)
        return self.log

    @property
    def log(self) -> str:
        """What it has said."""
        return self._log.read_text() if self._log.exists() else ""

    def started(self) -> None:
        """Wait until it serves."""
        until(lambda: "Serving " in self.log or not self._there)
        assert self._there, self.log

    @property
    def _there(self) -> bool:
        try:
            if not self._gone:
                os.kill(self._pid, 0)
        except ProcessLookupError:
            self._gone = True
        return not self._gone


class Nursery:
    """Starts processes of `servey serve` in no time: they are forked, with all imported."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdin
        assert self._process.stdout
        self._in, self._out = self._process.stdin, self._process.stdout
        assert self._out.readline() == "ready\n"

    def serve(self, folder: Folder, *services: str) -> Node:
        """Start a process that serves an application by some services, or by all."""
        arguments = ["serve", *(f"--service={name}" for name in services)]
        order = json.dumps([str(folder.folder), folder.environment, arguments])
        self._in.write(f"{order}\n")
        self._in.flush()
        pid = int(self._out.readline())
        node = Node(pid, folder.folder / f"node-{pid}.log")
        self._nodes.append(node)
        return node

    def close(self) -> None:
        """End all of them."""
        for node in self._nodes:
            node.kill()
        self._process.kill()
        self._process.communicate()


APPEND = '''
import json, os


def append(*words, name="jobs.log"):
    """Write a line of JSON in one step."""
    descriptor = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (json.dumps(words) + chr(10)).encode())
    os.close(descriptor)
'''
