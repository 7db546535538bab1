"""The processes of a measurement: those that work, and the one that enqueues."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parents[1]
_PATIENCE = 20


class Enqueued(NamedTuple):
    """What is told of jobs that were enqueued.

    Attributes:
        begun: When that began, by the monotonic clock.
        seconds: How long it took.
    """

    begun: float
    seconds: float


class Surroundings(NamedTuple):
    """What all processes of a measurement are started with.

    Attributes:
        python: The Python.
        folder: The folder that they run in.
        variables: Variables of the environment, beside those that are there.
        log: The file that they write their logs to.
    """

    python: str
    folder: Path
    variables: Mapping[str, str]
    log: Path

    def start(self, words: Sequence[str], **options: int) -> "subprocess.Popen[str]":
        """Start a process: a session of its own, so that it can be halted with its children."""
        environment = {**os.environ, "PYTHONPATH": str(_HERE), **self.variables}
        with self.log.open("a") as log:
            return subprocess.Popen(
                [self.python, *words],
                cwd=self.folder,
                env=environment,
                stderr=log,
                text=True,
                start_new_session=True,
                **{"stdin": subprocess.DEVNULL, "stdout": log, **options},
            )


class Client:
    """The process that enqueues.

    Args:
        surroundings: What it is started with.
        words: What `peers.jobs.client` takes.
    """

    def __init__(self, surroundings: Surroundings, words: Sequence[str]) -> None:
        pipe = subprocess.PIPE
        self._process = surroundings.start(
            ["-m", "peers.jobs.client", *words], stdin=pipe, stdout=pipe
        )

    def enqueue(self, numbers: range, *, apart: float = 0.0, step: int = 0) -> Enqueued:
        """Enqueue jobs.

        Args:
            numbers: Their numbers.
            apart: How many seconds lie between two; 0 for as quickly as it goes.
            step: How many are enqueued in a step; 0 for one by one.
        """
        self.begin(numbers, apart=apart, step=step)
        return self.enqueued()

    def begin(self, numbers: range, *, apart: float = 0.0, step: int = 0) -> None:
        """Begin to enqueue jobs."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(json.dumps([numbers.start, len(numbers), apart, step]) + "\n")
        stdin.flush()

    def enqueued(self) -> Enqueued:
        """Wait until what was begun is done."""
        stdout = self._process.stdout
        assert stdout is not None
        line = stdout.readline()
        assert line, f"the process that enqueues has ended: {self._process.wait()}"
        return Enqueued(*json.loads(line))

    def close(self) -> None:
        """Have it leave the broker as it was; one that does not is ended."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Worker:
    """The processes that work, all of one library.

    Args:
        surroundings: What they are started with.
        commands: One for each worker.
    """

    def __init__(self, surroundings: Surroundings, commands: Sequence[Sequence[str]]) -> None:
        self._processes = [surroundings.start(words) for words in commands]

    @property
    def alive(self) -> bool:
        """Whether none has ended."""
        return all(process.poll() is None for process in self._processes)

    def halt(self) -> None:
        """Let them do nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> float:
        """Let them go on; when that was, by the monotonic clock."""
        now = time.monotonic()
        self._signal(signal.SIGCONT)
        return now

    def kill(self) -> None:
        """End them as a crash would."""
        self._signal(signal.SIGKILL)
        for process in self._processes:
            process.wait()

    def _signal(self, number: int) -> None:
        for process in self._processes:
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                assert number == signal.SIGKILL, "a worker has ended"
