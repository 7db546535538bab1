"""No job is lost by crashes of workers, of enqueuers or of the broker, nor by what is stopped."""

import signal
import time

import pytest
from job_applications import LEASE, SLACK, JobApplication, OnBrokers, Store, lease_of
from rabbitmq_servers import OwnRabbitmq
from waiting import until

pytestmark = pytest.mark.slow

ENQUEUING = """
import os, sys, threading, time
from servey_core import Unavailable, enqueue, start
start()
import actions

def send(name):
    for number in range(100_000):
        try:
            enqueue(actions.note, f"{name}-{number}")
        except Unavailable:
            time.sleep(0.02)
        else:
            os.write(accepted, f"{name}-{number}\\n".encode())

accepted = os.open("accepted", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
threads = [threading.Thread(target=send, args=(f"{os.getpid()}-{n}",)) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""

HANGING = """
@action(background=QUICK)
async def hangs_once(word: str) -> None:
    say("begin", word)
    if is_first(word):
        await asyncio.sleep(600)
    say("end", word)

@action(background=QUICK)
async def meets_others(word: str) -> None:
    say("begin", word)
    if is_first(word):
        await asyncio.sleep(600)
    while sum(begun(str(n)) == 2 for n in range(20)) < 10:
        await asyncio.sleep(0.05)
    say("end", word)
"""


def accepted(app: JobApplication) -> set[str]:
    """What enqueuers were told is safe; not a line that one was killed in."""
    file = app.folder / "accepted"
    lines = file.read_text() if file.exists() else ""
    return {line for line in lines.splitlines(keepends=True) if line.endswith("\n")}


def check_all_ran(app: JobApplication) -> None:
    app.until_idle()
    lost = {line.strip() for line in accepted(app)} - {*app.words("note")}
    assert not lost, f"{len(lost)} of {len(accepted(app))} jobs are lost"


def test_no_job_is_lost_when_enqueuers_and_workers_on_sqlite_are_killed(tmp_path):
    app = JobApplication(tmp_path, Store("sqlite", f"sqlite:///{tmp_path}/broker.db"))
    try:
        for _ in range(2):
            before = len(accepted(app))
            enqueuer, worker = app.script(ENQUEUING), app.worker()
            until(lambda before=before: len(accepted(app)) > before + 300)
            until(lambda: app.said("note"))
            worker.kill()
            enqueuer.kill()
        with app.working():
            check_all_ran(app)
    finally:
        app.close()


def crash_and_count(app: JobApplication, server, *, times: int) -> None:
    enqueuers = [app.script(ENQUEUING) for _ in range(2)]
    with app.working():
        for _ in range(times):
            before = len(accepted(app))
            until(lambda before=before: len(accepted(app)) > before + 300)
            server.kill()
            server.start()
        before = len(accepted(app))
        until(lambda: len(accepted(app)) > before + 300)
        for one in enqueuers:
            one.kill()
        check_all_ran(app)


def test_no_job_is_lost_when_redis_is_killed_and_restarted(tmp_path, redis_of_its_own):
    app = JobApplication(tmp_path, Store("redis", redis_of_its_own.url))
    try:
        crash_and_count(app, redis_of_its_own, times=3)
    finally:
        app.close()


@pytest.fixture
def redis_of_its_own(tmp_path_factory):
    from redis_servers import OwnRedis

    server = OwnRedis(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


def test_no_job_is_lost_when_rabbitmq_is_killed_and_restarted(tmp_path, tmp_path_factory):
    server = OwnRabbitmq(tmp_path_factory.mktemp("rabbitmq"))
    app = JobApplication(tmp_path, Store("rabbitmq", server.url))
    try:
        crash_and_count(app, server, times=1)
    finally:
        app.close()
        server.kill()


class TestWorkersThatDie(OnBrokers):
    def test_their_jobs_run_again_within_the_lease(self, make):
        app = make(HANGING)
        app.enqueue_all("hangs_once", [{"word": str(n)} for n in range(5)])
        worker = app.worker()
        until(lambda: len(app.said("begin")) == 5)
        with app.working():
            worker.kill()
            killed = time.monotonic()
            until(lambda: len(app.said("end")) == 5)
            assert time.monotonic() - killed < LEASE + SLACK
            app.until_idle()
        assert sorted(app.words("end")) == [*"01234"]

    def test_they_run_again_side_by_side(self, make):
        app = make(HANGING)
        app.enqueue_all("meets_others", [{"word": str(n)} for n in range(20)])
        worker = app.worker()
        until(lambda: len(app.said("begin")) == 20)
        with app.working():
            worker.kill()
            until(lambda: len(app.said("end")) == 20)  # one by one, none of them would end
            app.until_idle()
        assert len(app.said("begin")) == 40

    def test_the_jobs_of_one_that_is_stopped_run_elsewhere(self, make):
        app = make(HANGING)
        app.enqueue("hangs_once", word="it")
        worker = app.worker()
        until(lambda: app.said("begin"))
        with app.working():
            worker.stop()
            stopped = time.monotonic()
            until(lambda: app.said("end"))
            assert time.monotonic() - stopped < 3 * lease_of(app.store) + SLACK
            app.until_idle()
            worker.signal(signal.SIGCONT)
            app.enqueue_all("anote", [{"word": str(n)} for n in range(20)])
            until(lambda: len(app.said("note")) >= 20)
            app.until_idle()
        assert app.words("begin") == ["it", "it"]
        assert len(app.said("note")) == 20
        assert app.broker.dead() == []


class TestServing(OnBrokers):
    kinds = ("sqlite",)

    def test_jobs_of_a_server_that_is_killed_run_after_its_restart(self, make):
        app = make(HANGING, state="sqlite:///servey.db", broker_url="sqlite:///servey.db")
        words = [str(n) for n in range(25)]
        server = app.serve(job_coroutines=5)
        sends = "".join(f"enqueue(actions.anap, {word!r}, 0.5)\n" for word in words)
        script = f"from servey_core import enqueue, start; start(); import actions\n{sends}"
        assert app.script(script).ended() == 0
        until(lambda: len(app.said("begin")) >= 5)
        server.kill()
        assert len(app.said("end")) < 25
        app.serve()
        until(lambda: {*app.words("end")} == {*words})


def test_a_broker_in_memory_says_what_is_lost(tmp_path):
    app = JobApplication(tmp_path, Store("memory", "memory:"), IN_MEMORY, grace_seconds=4)
    try:
        server = app.serve()
        server.says("lost when this process ends")
        until(lambda: len(app.said("begin")) == 1)
        assert server.ended(signal.SIGTERM) == 0
        server.says("3 jobs that were not done are lost")
    finally:
        app.close()


IN_MEMORY = """
@action(background=QUICK)
async def starts_others(word: str) -> None:
    for number in range(2):
        await aenqueue.using(delay=600)(note, str(number))
    say("begin", word)
    await asyncio.sleep(600)

def send_soon():
    while not known_runtime():
        time.sleep(0.01)
    enqueue(starts_others, "it")

from servey_core.current import known_runtime
threading.Thread(target=send_soon, daemon=True).start()
"""
