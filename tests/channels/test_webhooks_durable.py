"""Deliveries survive what happens to workers, and dead ones can be replayed (W2, W6)."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from waiting import PATIENCE
from webhook_receivers import SECRET, Receiver

pytest.importorskip("servey_sched", reason="jobs survive where servey-sched is installed")

pytestmark = pytest.mark.slow

ACTIONS = """
from pydantic import BaseModel
from servey_core import action, webhook_channel

class Order(BaseModel):
    item: str

orders = webhook_channel("orders", Order, url={url!r}, secret="ORDERS_SECRET")

@action
def order(item: str) -> None:
    orders.publish(Order(item=item))
"""


@pytest.fixture
def receiver():
    with Receiver.running() as running:
        yield running


class Application:
    """A folder with a channel, and its processes."""

    def __init__(self, folder, url):
        self.folder = folder
        (folder / "actions.py").write_text(ACTIONS.format(url=url))
        self.environment = {
            **{name: value for name, value in os.environ.items() if "SERVEY" not in name},
            "ORDERS_SECRET": SECRET,
            "SERVEY_WEBHOOK_PRIVATE_NETWORKS": "127.0.0.0/8",
            "SERVEY_JOB_LEASE_SECONDS": "2",
            "SERVEY_PLUGINS_DENY": "graphql,rest",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def servey(self, *words, **environment):
        done = subprocess.run(
            [sys.executable, "-m", "servey_core", *words],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout + done.stderr

    @contextmanager
    def delayed(self):
        """The jobs that come later, each time that they change."""
        command = [sys.executable, "-m", "servey_core", "jobs", "list", "--state", "delayed"]
        with subprocess.Popen(
            [*command, "--watch", "--json"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
        ) as process:
            lists = (json.loads(line)["jobs"] for line in process.stdout)
            assert next(lists) == []
            try:
                yield lists
            finally:
                process.kill()

    @contextmanager
    def worker(self, **environment):
        log = self.folder / f"worker-{time.monotonic_ns()}.log"
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "servey_core", "worker"],
                cwd=self.folder,
                env={**self.environment, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield process, log
        finally:
            process.kill()
            process.wait()
            assert process.returncode == -signal.SIGKILL, log.read_text()  # it had not ended


def until(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, what()
        time.sleep(0.1)
    return found


def test_a_worker_that_is_killed_between_tries_leaves_the_next_one_to_another(tmp_path, receiver):
    application = Application(tmp_path, receiver.url("/first-fails"))
    application.servey("run", "order", "--item", "tea")
    with application.delayed() as delayed, application.worker() as (process, log):
        until(lambda: receiver.messages, log.read_text)
        until(lambda: "is tried again in" in log.read_text(), log.read_text)
        next(jobs for jobs in delayed if jobs)  # the broker has been told
        os.killpg(process.pid, signal.SIGKILL)
    assert len(receiver.messages) == 1
    with application.worker() as (_, log):
        until(lambda: len(receiver.messages) == 2, log.read_text)
    first, second = receiver.messages
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["webhook-timestamp"] < second.headers["webhook-timestamp"]
    assert second.at - first.at >= 4.9


def test_a_worker_that_is_killed_while_it_delivers_leaves_that_to_another(tmp_path, receiver):
    application = Application(tmp_path, receiver.url("/hang"))
    application.servey("run", "order", "--item", "tea")
    with application.worker() as (process, log):
        until(lambda: receiver.messages, log.read_text)
        os.killpg(process.pid, signal.SIGKILL)
    with application.worker() as (_, log):
        until(lambda: len(receiver.messages) == 2, log.read_text)
    assert len({one.headers["webhook-id"] for one in receiver.messages}) == 1


def test_dead_deliveries_are_listed_and_replayed_and_show_no_secret(tmp_path, receiver):
    application = Application(tmp_path, receiver.url("/ok?token=canary-in-the-url"))
    application.servey("run", "order", "--item", "tea")
    printed = ""
    with application.worker(SERVEY_WEBHOOK_PRIVATE_NETWORKS="10.0.0.0/8") as (_, log):
        until(lambda: "goes to the dead letters" in log.read_text(), log.read_text)
        until(lambda: json.loads(application.servey("jobs", "dead", "--json")), log.read_text)
        printed += log.read_text()
    dead = application.servey("jobs", "dead", "--json")
    [job] = json.loads(dead)
    shown = application.servey("jobs", "show", job["id"])
    printed += dead + shown + application.servey("jobs", "dead")
    assert "SERVEY_WEBHOOK_PRIVATE_NETWORKS" in shown
    printed += application.servey("jobs", "retry", job["id"])
    with application.worker() as (_, log):
        receiver.wait_for(1)
        printed += log.read_text()
    assert receiver.messages[0].event == {"item": "tea"}
    assert "canary" not in printed
    assert SECRET[6:] not in printed


def test_all_of_the_schedule_is_kept_by_the_queue(tmp_path, monkeypatch, receiver):
    """Every repeat waits in the broker for as long as Standard Webhooks recommends."""
    from webhook_applications import Order, application

    from servey_channels.webhooks.jobs import REPEATS
    from servey_core import running_jobs, webhook_channel
    from servey_sched.queue import DramatiqQueue, queue_names
    from servey_sched.worker.worker import Worker

    delays = []
    told = running_jobs.retry_delay

    def at_once(rule, error, retries):
        delays.append(told(rule, error, retries))
        return delays[-1] and 0.01

    monkeypatch.setattr("servey_sched.worker.running.retry_delay", at_once)
    channel = webhook_channel("orders", Order, url=receiver.url("/status/500"), secret=SECRET)
    url = f"sqlite:///{tmp_path}/jobs.db"
    runtime = application(channel, task_queue="dramatiq", broker_url=url)
    queue = runtime.task_queue
    assert isinstance(queue, DramatiqQueue)
    [job] = channel.publish(Order(item="tea"))
    worker = Worker(runtime, queue.broker, queue_names(runtime))
    worker.start()
    until(lambda: asyncio.run(job.status()).state == "failed", lambda: str(delays))
    worker.stop(1.0)
    assert len(receiver.messages) == len(REPEATS) + 1
    assert len({one.headers["webhook-id"] for one in receiver.messages}) == 1
    for delay, seconds in zip(delays, REPEATS, strict=False):
        assert seconds <= delay <= 1.1 * seconds
    assert len(delays) == len(REPEATS) + 1
    runtime.close_task_queue()
