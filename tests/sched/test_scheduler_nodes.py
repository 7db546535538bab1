"""Five nodes that are killed and stopped at random fire every tick once."""

import os
import random
import signal
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pika
import pytest
from applications import APPEND, Application, Folder, Nursery
from rabbitmq_servers import usual_url
from redis_servers import OwnRedis
from waiting import PATIENCE, until

from servey_core import Background, FixedRateTrigger, Misfire, Overlap, action
from servey_sched.brokers.rabbitmq import PREFIX
from servey_sched.brokers.rabbitmq_layout import Layout

pytestmark = pytest.mark.slow

NODES = 5
TICKS = 60
INTERVAL = 0.15

ACTIONS = f"""
from servey_core import Background, FixedRateTrigger, Misfire, Overlap, action, current_job
{APPEND}

@action(
    background=Background(queue=os.environ["APP_NAME"]),
    triggers=FixedRateTrigger(
        {INTERVAL},
        name=os.environ["APP_NAME"],
        misfire=Misfire.all(1000),
        overlap=Overlap.ALLOW,
    ),
)
async def beat() -> None:
    "Note that this ran."
    append(current_job().id)
"""


def application(name, **settings):
    @action(
        background=Background(queue=name),
        triggers=FixedRateTrigger(
            INTERVAL, name=name, misfire=Misfire.all(1000), overlap=Overlap.ALLOW
        ),
    )
    async def beat() -> None:
        """The same schedule, as the test sees it."""

    return Application(beat, **settings)


@pytest.fixture
def name():
    """A name for a schedule and its queue, in stores that others use too."""
    return f"test-{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory):
    if given := os.environ.get("SERVEY_TEST_REDIS_URL"):
        yield given
        return
    own = OwnRedis(tmp_path_factory.mktemp("redis"))
    yield own.url
    own.kill()


class Tally:
    """Takes every job out of the queue at once, so that none can hide another of its id."""

    def __init__(self, broker, queue):
        self.jobs = Counter()
        self._broker = broker
        self._queue = queue
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._take, daemon=True)

    def _take(self):
        consumer = self._broker.consume(self._queue, prefetch=100, timeout=200)
        while not self._done.is_set():
            if (message := next(consumer)) is not None:
                self.jobs[message.message_id] += 1
                consumer.ack(message)
        consumer.close()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()
        self._thread.join(PATIENCE)


def disturb(nursery, folder, nodes, seconds):
    """Kill and stop nodes at random; others take their place, and all run at the end."""
    chance = random.Random()
    deadline = time.monotonic() + seconds
    stopped = []
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(0.05, 0.3))
        at = chance.randrange(len(nodes))
        if stopped and chance.random() < 0.6:
            stopped.pop(0).send(signal.SIGCONT)
        elif nodes[at] in stopped:
            continue
        elif chance.random() < 0.5:
            nodes[at].kill()
            nodes[at] = nursery.serve(folder, "schedules")
        else:
            nodes[at].send(signal.SIGSTOP)
            stopped.append(nodes[at])
    for node in stopped:
        node.send(signal.SIGCONT)


@pytest.fixture
def rabbitmq(name):
    """A RabbitMQ, from which the test's queue is gone in the end."""
    url = usual_url()
    yield url
    layout = Layout(PREFIX)
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        for kind in (layout.ready, layout.again, layout.alone, layout.due, layout.dead):
            channel.queue_delete(kind(name).name)
        for place in layout.waits(name):
            channel.queue_delete(place.name)


@pytest.fixture
def nursery():
    nursery = Nursery()
    yield nursery
    nursery.close()


def folder_of(path, name, **settings):
    """The folder of an application, for nodes with settings."""
    folder = Folder(path, **settings)
    folder.environment["APP_NAME"] = name
    folder.write(ACTIONS)
    return folder


def disturbed(nursery, folder):
    """Five nodes, after a time of trouble."""
    nodes = [nursery.serve(folder, "schedules") for _ in range(NODES)]
    for node in nodes:
        node.started()
    disturb(nursery, folder, nodes, TICKS * INTERVAL)
    return nodes


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_each_tick_is_enqueued_once(kind, name, nursery, tmp_path, request):
    state, own = f"sqlite:///{tmp_path}/state.db", f"sqlite:///{tmp_path}/jobs.db"
    url = own if kind == "sqlite" else request.getfixturevalue("redis_url")
    here = application(name, broker_url=url, state=state)
    folder = folder_of(tmp_path, name, broker_url=url, state=state)
    with Tally(here.broker, name) as tally:
        nodes = disturbed(nursery, folder)
        since = datetime.now(UTC)
        until(lambda: here.known().last > since)
        for node in nodes:
            node.kill()
        known = here.known()
        until(lambda: sum(tally.jobs.values()) >= known.fired)
    here.broker.close()
    assert known.fired >= TICKS
    assert [job for job, count in tally.jobs.items() if count > 1] == []
    assert set(tally.jobs) == set(last_ids(here, known))
    assert known.missed == known.dropped == 0


@pytest.mark.parametrize("kind", ["sqlite", "redis"])
def test_each_tick_is_run_once_where_a_claim_is_no_part_of_its_enqueue(
    kind, name, nursery, rabbitmq, tmp_path, request
):
    state, plugins = f"sqlite:///{tmp_path}/state.db", ["sched"]
    if kind == "redis":
        pytest.importorskip("servey_redis")
        state, plugins = request.getfixturevalue("redis_url"), ["sched", "redis"]
    here = application(name, broker_url=rabbitmq, state=state, plugins=plugins)
    settings = {"broker_url": rabbitmq, "state": state, "plugins": ",".join(plugins)}
    folder = folder_of(tmp_path, name, **settings)
    worker = nursery.serve(folder, "jobs")
    worker.started()
    disturbed(nursery, folder)
    since = datetime.now(UTC)
    until(lambda: here.known().last > since)
    known = here.known()
    expected = last_ids(here, known)
    until(lambda: set(expected) <= {job for [job] in folder.lines()})
    ran = Counter(job for [job] in folder.lines())
    assert known.fired >= TICKS
    assert [job for job, count in ran.items() if count > 1] == []
    assert known.missed == known.dropped == 0
    assert ran.keys() >= set(expected)


def last_ids(here, known):
    """The ids of the jobs of as many ticks as have fired."""
    ticks = here.plan.schedule.ticks.between(known.last - timedelta(minutes=5), known.last)
    return here.ids(list(ticks)[-known.fired :])
