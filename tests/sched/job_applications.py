"""Applications with background jobs: folders, their processes, and what their jobs write."""

import asyncio
import importlib.util
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import dramatiq
import pika
import pytest
import redis
from broker_nodes import whole_lines
from rabbitmq_servers import usual_url
from redis_servers import OwnRedis
from stopping import stop
from waiting import PATIENCE, until

from servey_core import Job, Runtime, action_of, start
from servey_core.enqueueing import order_job
from servey_core.job_handles import job_of
from servey_sched.brokers.rabbitmq import PREFIX
from servey_sched.brokers.rabbitmq_layout import Layout
from servey_sched.brokers.redis import RedisBroker
from servey_sched.queue import DramatiqQueue, queue_names
from servey_sched.worker.worker import Worker

LEASE = 2.0
"""The lease of the tests, in seconds."""

SLACK = 5.0
"""How much longer than it must something may take where the machine is busy, in seconds."""

RABBITMQ_LEASE = 6.0
"""The lease on RabbitMQ: it counts in heartbeats, a third as long, of whole seconds."""

ACTIONS = """
import asyncio, json, os, signal, sys, threading, time
from servey_core import (
    Background, Idempotency, NotFound, Progress, TooManyRequests, action, aenqueue, current_job,
    enqueue,
)

QUEUE, LOG = {queue!r}, {log!r}
QUICK = Background(queue=QUEUE, min_backoff=0.1, max_backoff=0.4)

def say(what, word=None):
    job = current_job()
    line = [time.time(), os.getpid(), what, word, job and job.attempt, job and job.id]
    descriptor = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, (json.dumps(line) + "\\n").encode())
    os.close(descriptor)

def begun(word):  # how often it has begun
    with open(LOG) as log:
        lines = [line for line in log if line.endswith("\\n")]
    return sum(json.loads(line)[2:4] == ["begin", word] for line in lines)

def is_first(word):  # whether it has begun once only
    return begun(word) == 1

@action(background=QUICK)
def note(word: str) -> str:
    say("note", word)
    return word

@action(background=QUICK)
async def anote(word: str) -> str:
    say("note", word)
    return word

@action(background=QUICK)
def nap(word: str, seconds: float = 0.0) -> str:
    say("begin", word)
    time.sleep(seconds)
    say("end", word)
    return word

@action(background=QUICK)
async def anap(word: str, seconds: float = 0.0) -> str:
    say("begin", word)
    await asyncio.sleep(seconds)
    say("end", word)
    return word
"""


class Entry(NamedTuple):
    """A line that a job has written.

    Attributes:
        at: When, in seconds since the epoch.
        pid: Which process.
        what: What has happened.
        word: Which job it is, for the test.
        attempt: Which try it is.
        job: The job's id.
    """

    at: float
    pid: int
    what: str
    word: Any
    attempt: int
    job: str


@dataclass
class Store:
    """Where the jobs of a test wait.

    Attributes:
        kind: Which broker it is.
        url: Its URL.
        queue: A queue that the test has for itself.
    """

    kind: str
    url: str
    queue: str = "default"

    def put(self, body: bytes) -> None:
        """Put bytes into the queue, as somebody else may."""
        PUTTING[self.kind](self, body)


def lease_of(store: Store) -> float:
    """After how long others get the jobs of a worker that says nothing, in seconds."""
    return RABBITMQ_LEASE if store.kind == "rabbitmq" else LEASE


class Process:
    """One process of an application."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._output = folder / f"output-{time.monotonic_ns()}.log"
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", *command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self.process.pid

    @property
    def text(self) -> str:
        """What it has written so far."""
        return self._output.read_text()

    def says(self, pattern: str) -> "re.Match[str]":
        """Wait until it has written something."""
        found: list[re.Match[str]] = []

        def said() -> bool:
            assert self.process.poll() is None or re.search(pattern, self.text), self.text
            found.extend(re.finditer(pattern, self.text))
            return bool(found)

        try:
            until(said)
        except AssertionError:
            raise AssertionError(f"nothing has {pattern!r}:\n{self.text}") from None
        return found[0]

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self) -> None:
        """Let it stand still, until SIGCONT."""
        stop(self.process, self._folder.glob("*.db"))

    def kill(self) -> None:
        """Kill it and its children, as a crash would."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def ended(self, number: int | None = None) -> int:
        """Send it a signal, and wait for its end; its exit status."""
        if number is not None:
            self.signal(number)
        return self.process.wait(PATIENCE)


class JobApplication:
    """A folder with actions, on a broker.

    Args:
        folder: The folder.
        store: The broker.
        actions: Further actions, as Python.
        settings: Settings, by name.
    """

    _numbers = count()

    def __init__(self, folder: Path, store: Store, actions: str = "", **settings: object) -> None:
        self.folder = folder
        self.store = store
        self.settings = {
            "broker_url": store.url,
            "state": f"sqlite:///{folder}/state.db",
            "job_lease_seconds": lease_of(store),
            "plugins": "sched",
            **settings,
        }
        self.log_file = folder / "jobs.log"
        text = ACTIONS.format(queue=store.queue, log=str(self.log_file)) + actions
        (folder / "actions.py").write_text(text)
        self._processes: list[Process] = []
        self._runtime: Runtime | None = None

    @property
    def runtime(self) -> Runtime:
        """The application, in this process."""
        if self._runtime is None:
            name = f"job_application_{next(self._numbers)}"
            spec = importlib.util.spec_from_file_location(name, self.folder / "actions.py")
            assert spec
            assert spec.loader
            module = importlib.util.module_from_spec(spec)
            sys.modules[name] = module
            spec.loader.exec_module(module)
            found = [one for value in vars(module).values() if (one := action_of(value))]
            self._runtime = start(actions=found, given=self.settings)
        return self._runtime

    @property
    def queue(self) -> DramatiqQueue:
        queue = self.runtime.task_queue
        assert isinstance(queue, DramatiqQueue)
        return queue

    @property
    def broker(self) -> Any:
        return self.queue.broker

    def enqueue(self, action: str, *, using: dict[str, Any] | None = None, **values: Any) -> Job:
        """Enqueue a job from this process."""
        [job] = self.enqueue_all(action, [values], using=using)
        return job

    def enqueue_all(
        self, action: str, every: list[dict[str, Any]], *, using: dict[str, Any] | None = None
    ) -> list[Job]:
        """Enqueue jobs from this process, in one step."""
        options = using or {}
        orders = [order_job(self.runtime, action, values, **options) for values in every]
        self.queue.put(orders)
        return [job_of(order, self.runtime) for order in orders]

    def wait(self, job: Job, seconds: float = PATIENCE) -> Any:
        """A job's result."""
        return self.run(job.result(seconds))

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine that asks for the state of jobs."""

        async def run() -> Any:
            try:
                return await coroutine
            finally:
                await self.runtime.close_state()

        return asyncio.run(run())

    @contextmanager
    def working(self, *queues: str) -> Iterator[Worker]:
        """A worker in this process, which must not crash."""
        worker = Worker(self.runtime, self.broker, queues or queue_names(self.runtime))
        worker.start()
        try:
            yield worker
        finally:
            worker.stop(1.0)
            worker.ended.result()

    def worker(self, *arguments: str, ready: bool = True, **settings: object) -> Process:
        """A process that works."""
        process = self.start("-m", "servey_core", "worker", *arguments, **settings)
        if ready:
            process.says("Serving jobs|serves jobs")
        return process

    def serve(self, *arguments: str, **settings: object) -> Process:
        """A process that serves the web, and works."""
        process = self.start("-m", "servey_core", "serve", *arguments, port=0, **settings)
        process.says("Serving .*jobs")
        return process

    def script(self, text: str, **settings: object) -> Process:
        """A process that runs a script."""
        return self.start("-c", text, **settings)

    def start(self, *command: str, **settings: object) -> Process:
        """A process in the folder."""
        environment = clean_environment()
        for name, value in {**self.settings, **settings}.items():
            environment[f"SERVEY_{name.upper()}"] = str(value)
        process = Process([*command], self.folder, environment)
        self._processes.append(process)
        return process

    def log(self) -> list[Entry]:
        """What jobs have written so far."""
        return [Entry(*json.loads(line)) for line in whole_lines(self.log_file)]

    def said(self, what: str, word: Any = None) -> list[Entry]:
        """What jobs have written of this kind, about one word where one is given."""
        return [one for one in self.log() if one.what == what and word in {None, one.word}]

    def words(self, what: str) -> list[Any]:
        """The words that jobs have written with this, in their order."""
        return [one.word for one in self.said(what)]

    def until_idle(self, seconds: float = PATIENCE) -> None:
        """Wait until no jobs are left but dead ones."""
        for _ in range(2):  # RabbitMQ says nothing of what is on its way to a consumer just now
            self.broker.join(self.store.queue, timeout=round(seconds * 1000))
            time.sleep(0.1)

    def close(self) -> None:
        """End all of its processes."""
        for process in self._processes:
            process.kill()
            print(process.text)
        print(*self.log(), sep="\n")
        if self._runtime is not None:
            self._runtime.close_task_queue()
            self._runtime.pool.close(0.5)


Make = Callable[..., JobApplication]


class OnBrokers:
    """Fixtures for tests of jobs, which run on each broker that `kinds` names."""

    kinds = ("sqlite", "redis", "rabbitmq")

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "store" in metafunc.fixturenames:
            metafunc.parametrize("store", self.kinds, indirect=True)

    @pytest.fixture(scope="class")
    @classmethod
    def redis_server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnRedis]:
        server = OwnRedis(tmp_path_factory.mktemp("redis"))
        yield server
        server.kill()

    @pytest.fixture(scope="class")
    @classmethod
    def rabbitmq_url(cls) -> str:
        return usual_url()

    @pytest.fixture
    def store(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
        """A broker with nothing in it."""
        if request.param == "redis":
            yield emptied(request.getfixturevalue("redis_server"))
        elif request.param == "rabbitmq":
            with own_queue(request.getfixturevalue("rabbitmq_url")) as store:
                yield store
        elif request.param == "memory":
            yield Store("memory", "memory:")
        else:
            yield Store("sqlite", f"sqlite:///{tmp_path}/broker.db")

    @pytest.fixture
    def make(self, tmp_path: Path, store: Store) -> Iterator[Make]:
        with applications(tmp_path, store) as make:
            yield make

    @pytest.fixture
    def app(self, make: Make) -> JobApplication:
        return make()


def clean_environment() -> dict[str, str]:
    """The environment without settings."""
    left_out = ("SERVEY_", "PYTEST_", "COV_")
    return {name: text for name, text in os.environ.items() if not name.startswith(left_out)}


def emptied(server: OwnRedis) -> Store:
    """A Redis with nothing in it."""
    with redis.from_url(server.url) as client:
        client.flushall()
    return Store("redis", server.url)


@contextmanager
def own_queue(url: str) -> Iterator[Store]:
    """A queue of a RabbitMQ that nobody else has."""
    store = Store("rabbitmq", url, f"test-{uuid4().hex[:8]}")
    yield store
    layout = Layout(PREFIX)
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        kinds = (layout.ready, layout.again, layout.alone, layout.due, layout.dead)
        for place in (*(kind(store.queue) for kind in kinds), *layout.waits(store.queue)):
            channel.queue_delete(place.name)


def _put_sqlite(store: Store, body: bytes) -> None:
    values = (uuid4().hex, store.queue, body)
    with closing(sqlite3.connect(store.url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute(
            "INSERT INTO servey_jobs (id, queue, priority, state, until, starts, holder, body)"
            " VALUES (?, ?, 0, 'ready', 0, 0, '', ?)",
            values,
        )


def _put_redis(store: Store, body: bytes) -> None:
    message = dramatiq.Message(store.queue, "note", (), {}, {})
    with closing(RedisBroker(store.url, middleware=[])) as broker:
        broker.declare_queue(store.queue)
        broker.enqueue(message, delay=60_000)
    with redis.from_url(store.url) as client:
        client.hset(f"servey:jobs:job:{message.message_id}", "message", body)
        client.zadd(f"servey:jobs:delayed:{store.queue}", {message.message_id: 0})


def _put_rabbitmq(store: Store, body: bytes) -> None:
    place = Layout(PREFIX).ready(store.queue)
    with pika.BlockingConnection(pika.URLParameters(store.url)) as connection:
        connection.channel().basic_publish("", place.name, body)


PUTTING = {"sqlite": _put_sqlite, "redis": _put_redis, "rabbitmq": _put_rabbitmq}


@contextmanager
def applications(folder: Path, store: Store) -> Iterator[Make]:
    """Makes applications in one folder, on one broker, and ends them."""
    made: list[JobApplication] = []

    def make(actions: str = "", **settings: object) -> JobApplication:
        made.append(JobApplication(folder, store, actions, **settings))
        return made[-1]

    try:
        yield make
    finally:
        for one in made:
            one.close()
