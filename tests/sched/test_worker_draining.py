"""A worker that is asked to stop finishes what runs, or gives it back, and loses nothing."""

import signal
import time
from importlib.util import find_spec

from job_applications import SLACK, OnBrokers
from waiting import until

SERVED = "sched,web,rest" if find_spec("servey_rest") else "sched"

LONG = """
ONCE = Background(queue=QUEUE, max_retries=0)

@action(background=ONCE)
async def hangs_once(word: str) -> None:
    say("begin", word)
    if is_first(word):
        await asyncio.sleep(600)
    say("end", word)

@action(background=ONCE)
async def complains_once(word: str) -> None:
    say("begin", word)
    try:
        if is_first(word):
            await asyncio.sleep(600)
    except asyncio.CancelledError:
        raise ValueError("I will not be cancelled")
    say("end", word)

@action(background=ONCE)
def blocks_once(word: str) -> None:
    say("begin", word)
    if is_first(word):
        time.sleep(600)
    say("end", word)

@action(background=ONCE)
async def blocks_the_loop_once(word: str) -> None:
    say("begin", word)
    if is_first(word):
        time.sleep(600)
    say("end", word)
"""


class FinishingContract(OnBrokers):
    """What a process keeps to that runs jobs and is to end; a subclass says how it is started."""

    def start(self, app):
        raise NotImplementedError

    def test_what_runs_is_finished_and_what_waits_is_left_to_others(self, make):
        app = make(LONG, job_threads=4, job_coroutines=6, job_max_starts=1)
        words = [str(n) for n in range(20)]
        app.enqueue_all("nap", [{"word": f"sync-{n}", "seconds": 1.0} for n in words])
        app.enqueue_all("anap", [{"word": f"async-{n}", "seconds": 1.0} for n in words])
        process = self.start(app)
        until(lambda: len(app.said("begin")) >= 5)
        assert process.ended(signal.SIGTERM) == 0, process.text
        begun = app.words("begin")
        assert sorted(begun) == sorted(app.words("end"))
        assert len(begun) < 40
        assert app.broker.sizes()[app.store.queue].running == 0
        with app.working():
            until(lambda: len(app.said("end")) >= 40)
            app.until_idle()
        assert sorted(app.words("end")) == sorted(
            f"{kind}-{n}" for kind in ("sync", "async") for n in words
        )
        assert app.broker.dead() == []


class TestFinishingOfWorkers(FinishingContract):
    def start(self, app):
        return app.worker()


class TestFinishingOfServers(FinishingContract):
    def start(self, app):
        return app.serve(plugins=SERVED)


class TestCutting(OnBrokers):
    def test_what_takes_too_long_goes_back_as_if_it_had_not_been_started(self, make):
        app = make(LONG, grace_seconds=3, job_max_starts=1)
        actions = ["hangs_once", "complains_once", "blocks_once"]
        for action in actions:
            app.enqueue(action, word=action)
        worker = app.worker()
        until(lambda: len(app.said("begin")) == 3)
        began = time.monotonic()
        assert worker.ended(signal.SIGTERM) == 0, worker.text
        assert time.monotonic() - began < 3 + SLACK
        assert app.said("end") == []
        with app.working():
            until(lambda: len(app.said("end")) >= 3)
            app.until_idle()
        assert sorted(app.words("end")) == sorted(actions)
        assert app.broker.dead() == []

    def test_a_loop_that_is_blocked_does_not_keep_a_worker_from_ending(self, make):
        app = make(LONG, grace_seconds=2)
        app.enqueue("blocks_the_loop_once", word="it")
        worker = app.worker()
        until(lambda: app.said("begin"))
        began = time.monotonic()
        assert worker.ended(signal.SIGTERM) == 0, worker.text
        assert time.monotonic() - began < 2 + SLACK
        with app.working():
            until(lambda: app.said("end"))


class TestSignals(OnBrokers):
    kinds = ("sqlite",)

    def test_a_second_sigterm_changes_nothing(self, make):
        app = make(LONG)
        app.enqueue("anap", word="it", seconds=2.0)
        worker = app.worker()
        until(lambda: app.said("begin"))
        worker.signal(signal.SIGTERM)
        worker.signal(signal.SIGTERM)
        assert worker.ended(signal.SIGTERM) == 0
        assert app.said("end")

    def test_a_second_ctrl_c_ends_it_at_once_and_its_job_runs_again(self, make):
        app = make(LONG, grace_seconds=60)
        app.enqueue("hangs_once", word="it")
        worker = app.worker()
        until(lambda: app.said("begin"))
        worker.signal(signal.SIGINT)

        def ends_by_another() -> bool:
            time.sleep(0.2)  # signals that come together may be one
            worker.signal(signal.SIGINT)
            return worker.process.poll() is not None

        until(ends_by_another)
        assert worker.ended() == 130
        with app.working():
            until(lambda: app.said("end"))


class TestWithoutABroker(OnBrokers):
    kinds = ("redis",)

    def test_a_broker_that_hangs_does_not_keep_a_worker_from_ending(self, make, redis_server):
        app = make(LONG, grace_seconds=3)
        app.enqueue("hangs_once", word="it")
        worker = app.worker()
        until(lambda: app.said("begin"))
        redis_server.stop()
        try:
            began = time.monotonic()
            assert worker.ended(signal.SIGTERM) == 0, worker.text
            assert time.monotonic() - began < 3 + SLACK
        finally:
            redis_server.go_on()
        with app.working():
            until(lambda: app.said("end"))
