"""How many jobs of an action run at once, for how long one may take, and how many may wait."""

import resource
import time

import pytest
from job_applications import LEASE, SLACK, OnBrokers, Store, applications
from waiting import until

from servey_core import ProblemError, QueueFull

LIMITED = """
def of(concurrency):
    return Background(queue=QUEUE, concurrency=concurrency)

@action(background=of(2))
def two_at_once(word: str, seconds: float) -> None:
    nap(word, seconds)

@action(background=of(1))
async def one_at_once(word: str, seconds: float) -> None:
    await anap(word, seconds)

@action(background=of(1))
async def hangs_once(word: str) -> None:
    say("begin", word)
    if is_first(word):
        await asyncio.sleep(600)
    say("end", word)

@action(background=Background(queue=QUEUE, max_retries=0, time_limit=0.3, keep_result=60))
async def sleeps(word: str) -> None:
    try:
        await asyncio.sleep(600)
    finally:
        say("cancelled", word)

@action(background=Background(queue=QUEUE, max_retries=0, time_limit=0.3))
def never_ends(word: str) -> None:
    say("begin", word)
    while not os.path.exists("go"):
        time.sleep(0.01)

@action(background=Background(queue=QUEUE, max_retries=0, time_limit=0.3, concurrency=1))
def lingers(word: str) -> None:
    nap(word, 1.0)
"""


def most_at_once(entries) -> int:
    """How many jobs ran at once, by what they wrote."""
    now = most = 0
    for one in sorted(entries):
        now += {"begin": 1, "end": -1}.get(one.what, 0)
        most = max(most, now)
    return most


class TestConcurrency(OnBrokers):
    def test_no_more_run_at_once_than_may_over_all_workers(self, make):
        app = make(LIMITED, job_lease_seconds=10)
        words = [str(n) for n in range(24)]
        app.enqueue_all("two_at_once", [{"word": word, "seconds": 0.1} for word in words])
        other = app.worker()
        with app.working():
            until(lambda: len(app.said("end")) == 24)
            app.until_idle()
        assert sorted(app.words("end")) == sorted(words)
        assert most_at_once(app.log()) == 2
        assert other.pid in {one.pid for one in app.log()}

    def test_the_turn_of_one_that_dies_is_free_within_the_lease(self, make):
        app = make(LIMITED)
        app.enqueue("hangs_once", word="first")
        worker = app.worker()
        until(lambda: app.said("begin"))
        app.enqueue("hangs_once", word="second")
        with app.working():
            worker.kill()
            killed = time.monotonic()
            until(lambda: app.said("begin", "second"))
            assert time.monotonic() - killed < LEASE + SLACK


class TestThroughput(OnBrokers):
    kinds = ("sqlite", "redis")

    def test_many_that_run_one_by_one_take_no_longer_than_they_must(self, make):
        app = make(LIMITED, job_lease_seconds=10)
        words = [str(n) for n in range(200)]
        app.enqueue_all("one_at_once", [{"word": word, "seconds": 0.02} for word in words])
        app.enqueue_all("note", [{"word": str(n)} for n in range(20)])
        with app.working():
            began = time.monotonic()
            until(lambda: len(app.said("note")) == 20)
            assert len(app.said("end")) < 60  # others are not held up
            app.until_idle()
            took = time.monotonic() - began
        assert sorted(app.words("end")) == sorted(words)
        assert most_at_once(app.log()) == 1
        assert took < 25.0  # of which 4 are theirs

    def test_jobs_that_wait_for_a_thread_do_not_keep_others_from_running(self, make):
        app = make(job_threads=2, job_coroutines=4)
        app.enqueue_all("nap", [{"word": f"long-{n}", "seconds": 4.0} for n in range(12)])
        app.enqueue("anote", word="behind them")
        with app.working():
            until(lambda: len(app.said("begin")) == 2)
            assert until(lambda: app.said("note")) < 3.0 + SLACK
            until(lambda: app.broker.sizes()[app.store.queue].delayed > 0)
            assert len(app.said("end")) <= 4


class TestTimeLimits(OnBrokers):
    kinds = ("sqlite",)

    def test_a_coroutine_is_cancelled(self, make):
        app = make(LIMITED)
        job = app.enqueue("sleeps", word="it")
        with app.working(), pytest.raises(ProblemError, match=r"longer than 0\.3 s") as raised:
            app.wait(job)
        assert raised.value.status == 504
        assert app.said("cancelled", "it")

    def test_a_function_that_blocks_is_reported_and_others_go_on(self, make, caplog, tmp_path):
        app = make(LIMITED, job_threads=2, threads=2)
        app.enqueue_all("never_ends", [{"word": "1"}, {"word": "2"}])
        with app.working():
            until(lambda: len(app.broker.dead()) == 2)
            assert "still holds a thread" in caplog.text
            app.enqueue("note", word="next")
            until(lambda: app.said("note"))
            began = time.monotonic()
        assert time.monotonic() - began < SLACK  # it does not wait for them
        (tmp_path / "go").touch()

    def test_the_turn_of_a_function_that_runs_on_is_not_given_away(self, make):
        app = make(LIMITED)
        app.enqueue_all("lingers", [{"word": "1"}, {"word": "2"}])
        with app.working():
            until(lambda: len(app.said("end")) == 2)
        assert most_at_once(app.log()) == 1


def test_a_broker_in_memory_that_is_full_takes_no_more(tmp_path):
    with applications(tmp_path, Store("memory", "memory:")) as make:
        app = make(jobs_in_memory=20_000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(40):
            app.enqueue_all("note", [{"word": "x" * 100}] * 500)
        for many in (1, 500, 1):
            with pytest.raises(QueueFull, match="20000 jobs wait in memory"):
                app.enqueue_all("note", [{"word": "x"}] * many)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # in KiB
        with app.working():
            until(lambda: app.broker.sizes()["default"].ready < 19_000)
            app.enqueue("note", word="there is room again")
