"""Workers go on when the broker or the state store has been away, and end when they cannot."""

import signal
import time

import pytest
from job_applications import OnBrokers
from waiting import PATIENCE, until

from servey_core import Unavailable
from servey_core.state.memory import MemoryStore

ODD = """
@action(background=QUICK)
async def stops_the_loop(word: str) -> None:
    say("begin", word)
    if is_first(word):
        asyncio.get_running_loop().stop()
        await asyncio.sleep(600)
    say("end", word)

@action(background=Background(queue=QUEUE, concurrency=1, min_backoff=0.1))
async def in_turn(word: str) -> None:
    say("note", word)
"""


class Away(MemoryStore):
    """A store that can be away."""

    away = False

    def __getattribute__(self, name):
        if name in {"get", "add", "replace", "remove"} and type(self).away:
            raise RuntimeError("gone") if name == "get" else Unavailable("gone")
        return super().__getattribute__(name)


@pytest.mark.slow
class TestTheBroker(OnBrokers):
    kinds = ("redis",)

    def test_a_worker_waits_for_a_broker_that_is_away_at_first(self, make, redis_server):
        app = make()
        redis_server.kill()
        worker = app.worker()
        worker.says("waits for its broker|left alone for a moment")
        redis_server.start()
        app.enqueue("note", word="it")
        until(lambda: app.said("note"))
        assert worker.ended(signal.SIGTERM) == 0

    def test_a_worker_comes_back_when_the_broker_does_and_says_what_it_did(
        self, make, redis_server
    ):
        app = make()
        app.enqueue_all("anap", [{"word": str(n), "seconds": 1.0} for n in range(10)])
        with app.working():
            until(lambda: len(app.said("begin")) == 10)
            redis_server.kill()
            until(lambda: len(app.said("end")) == 10)
            time.sleep(0.3)
            redis_server.start()
            app.until_idle()
            app.enqueue("note", word="next")
            until(lambda: app.said("note"))


class TestTheState(OnBrokers):
    kinds = ("sqlite",)

    @pytest.fixture
    def app(self, make):
        app = make(ODD)
        vars(app.runtime)["state"] = Away()
        Away.away = False
        return app

    def test_jobs_that_need_no_state_go_on_without_it(self, app):
        Away.away = True
        app.enqueue("note", word="it")
        with app.working():
            app.until_idle()
        assert app.words("note") == ["it"]

    def test_jobs_that_have_run_do_not_run_again_where_that_cannot_be_kept(self, app):
        with app.working():
            job = app.enqueue("anap", word="it", seconds=0.5, using={"keep_result": 60})
            until(lambda: app.said("begin"))
            Away.away = True
            until(lambda: app.said("end"))
            time.sleep(0.3)
            Away.away = False
            assert app.wait(job) == "it"
            app.until_idle()
        assert len(app.said("begin")) == 1

    def test_turns_wait_for_the_store(self, app):
        Away.away = True
        app.enqueue_all("in_turn", [{"word": "1"}, {"word": "2"}])
        with app.working():
            time.sleep(0.5)
            assert not app.said("note")
            Away.away = False
            app.until_idle()
        assert sorted(app.words("note")) == ["1", "2"]

    def test_a_worker_looks_for_cancellations_again(self, app):
        with app.working():
            Away.away = True
            time.sleep(0.7)
            Away.away = False
            job = app.enqueue("anap", word="it", seconds=600.0)
            until(lambda: app.said("begin"))
            assert app.run(job.cancel())
            app.until_idle()


class TestCrashes(OnBrokers):
    kinds = ("sqlite",)

    def test_a_worker_whose_loop_ends_ends_with_an_error(self, make):
        app = make(ODD)
        app.enqueue("stops_the_loop", word="it")
        worker = app.worker()
        assert worker.ended() == 1
        worker.says("event loop of the jobs has ended")
        with app.working():
            until(lambda: app.said("end"))
            app.until_idle()
        assert app.said("end")[0].attempt == 2

    def test_a_worker_that_never_begins_says_why(self, make, monkeypatch):
        app = make()
        monkeypatch.setattr("servey_sched.worker.worker.watch", None)
        with pytest.raises(RuntimeError, match="has ended"), app.working() as worker:
            worker.ended.result(PATIENCE)
