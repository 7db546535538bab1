"""What the brokers' contracts are tested with: brokers on one store, and processes of them."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dramatiq
import pytest
from stopping import stop

from servey_sched.brokers.base import JobBroker

LEASE = 1.0
"""The lease of the tests, in seconds."""


def message(actor: str = "note", *args: object, **options: Any) -> dramatiq.Message[Any]:
    """A message for an actor of the nodes."""
    return dramatiq.Message("default", actor, args, {}, options)


PROGRAM = """
import json, os, signal, sys, threading, time
import dramatiq

lease = float(sys.argv[1])
{recipe}
dramatiq.set_broker(broker)

def write(*words):
    descriptor = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (json.dumps([os.getpid(), *words]) + chr(10)).encode())
    os.close(descriptor)

@dramatiq.actor(max_retries=0)
def note(word):
    write("note", word)

@dramatiq.actor(max_retries=0)
def nap(word, seconds):
    write("begin", word)
    time.sleep(seconds)
    write("end", word)

@dramatiq.actor(max_retries=0)
def hold(word, file=None):
    write("begin", word)
    while not os.path.exists(os.path.join({folder!r}, file or word)):
        time.sleep(0.005)
    write("end", word)

def say(word):
    print(word, flush=True)

{main}
"""

WORKER = """
worker = dramatiq.Worker(broker, worker_timeout=1000, worker_threads=2)
worker.start()
say("ready")
sys.stdin.read()
worker.stop()
broker.close()
"""


def whole_lines(file: Path) -> list[str]:
    """The lines of a file that others append to just now: the last one may not be there yet."""
    text = file.read_text() if file.exists() else ""
    return text[: text.rfind("\n") + 1].splitlines()


class Nodes:
    """Processes with a broker each, and the log that their jobs write."""

    def __init__(self, recipe: str, folder: Path) -> None:
        self._recipe = recipe
        self._folder = folder
        self._log = folder / "jobs.log"
        self._processes: list[subprocess.Popen[str]] = []

    def start(self, main: str = WORKER, *, ready: bool = True) -> "subprocess.Popen[str]":
        """Start a process, and wait until it says that it is ready."""
        program = PROGRAM.format(
            recipe=self._recipe, folder=str(self._folder), log=str(self._log), main=main
        )
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(LEASE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._processes.append(process)
        if ready:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        return process

    def stop(self, process: "subprocess.Popen[str]") -> None:
        """Let a process stand still, until SIGCONT."""
        stop(process, self._folder.glob("*.db"))

    def let_end(self, file: str) -> None:
        """Let jobs end that hold on until there is a file; it has a job's word, or another name."""
        (self._folder / file).touch()

    def log(self) -> list[list[Any]]:
        """What jobs have written so far: the process's id, and words."""
        return [json.loads(line) for line in whole_lines(self._log)]

    def said(self, *words: object) -> list[int]:
        """The processes that wrote these words."""
        return [pid for pid, *rest in self.log() if rest == list(words)]

    def close(self) -> None:
        """End all of them."""
        for process in self._processes:
            process.kill()
            process.communicate()


def kill(process: "subprocess.Popen[str]") -> None:
    """`kill -9`."""
    process.send_signal(signal.SIGKILL)
    process.wait()


class Stores:
    """Fixtures for the contracts.

    A subclass has a fixture `recipe`: Python that binds `broker` to a new broker, with `lease`
    seconds, on a store that the test has for itself and that all brokers made by the recipe share.
    It runs in this process and in others.
    """

    @pytest.fixture
    def recipe(self) -> str:
        raise NotImplementedError

    def put_garbage(self, broker: JobBroker, body: bytes) -> None:
        """Put bytes where the queue `default` has its messages."""
        raise NotImplementedError

    @pytest.fixture
    def make(self, recipe: str) -> Iterator[Callable[[], JobBroker]]:
        """Makes brokers on one store, with the queue `default`."""
        made: list[JobBroker] = []

        def make() -> JobBroker:
            names: dict[str, Any] = {"lease": LEASE}
            exec(recipe, names)
            broker = names["broker"]
            broker.declare_queue("default")
            made.append(broker)
            return broker

        yield make
        for broker in made:
            broker.close()

    @pytest.fixture
    def broker(self, make):
        return make()

    @pytest.fixture
    def brokers(self, make):
        """Several brokers on one store."""
        return [make() for _ in range(4)]

    @pytest.fixture
    def work(self, broker) -> Iterator[Callable[[], dramatiq.Worker]]:
        """Starts a worker on `broker`."""
        workers: list[dramatiq.Worker] = []

        def work() -> dramatiq.Worker:
            worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=4)
            worker.start()
            workers.append(worker)
            return worker

        yield work
        for worker in workers:
            worker.stop()

    @pytest.fixture
    def nodes(self, recipe: str, tmp_path: Path) -> Iterator[Nodes]:
        nodes = Nodes(recipe, tmp_path)
        yield nodes
        nodes.close()
