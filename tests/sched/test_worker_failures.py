"""What becomes of jobs that fail, that kill their worker, and of messages that are no jobs."""

import json
import logging
import signal
import time
from itertools import pairwise

import dramatiq
import pytest
from job_applications import SLACK, OnBrokers
from waiting import until

FAILING = '''
class Teapot(NotFound):
    """It is a teapot."""

@action(background=QUICK)
def fails(word: str, times: int = 1000) -> str:
    say("try", word)
    if current_job().attempt <= times:
        raise ValueError(f"broken to pieces: {word}")
    return word

@action(background=Background(queue=QUEUE, min_backoff=1000, max_backoff=4000))
async def fails_slowly(word: str) -> None:
    raise RuntimeError(word)

@action(background=Background(queue=QUEUE, max_retries=1, min_backoff=0.01, max_backoff=0.01))
async def fails_twice(word: str) -> None:
    say("try", word)
    raise RuntimeError(word)

@action(background=QUICK)
async def misses(word: str) -> None:
    say("try", word)
    raise Teapot("short and stout: \\udcff")

@action(background=Background(queue=QUEUE, min_backoff=0.01, max_backoff=1.0))
async def is_told_to_wait(word: str, seconds: str) -> str:
    say("try", word)
    if current_job().attempt == 1:
        raise TooManyRequests("Slowly.", headers={"Retry-After": seconds})
    return word

@action(background=QUICK)
def exits(word: str) -> None:
    say("try", word)
    sys.exit("enough")

@action(background=QUICK)
async def cancels_itself(word: str) -> None:
    say("try", word)
    asyncio.current_task().cancel()
    await asyncio.sleep(10)

@action(background=QUICK)
def kills(word: str) -> None:
    say("try", word)
    os.kill(os.getpid(), signal.SIGKILL)

@action(background=Background(queue=QUEUE, concurrency=1))
def kills_in_turn(word: str) -> None:
    say("try", word)
    os.kill(os.getpid(), signal.SIGKILL)

@action(background=QUICK)
async def hangs_by_key(word: str) -> None:
    say("begin", word)
    await asyncio.sleep(600)

@action(background=Background(queue=QUEUE, concurrency=1))
async def hangs_at_first(word: str) -> None:
    say("begin", word)
    await asyncio.sleep(5.0 if word == "other" else 600.0 if is_first(word) else 0.0)
    say("end", word)
'''


BESIDE = """
def killed():
    with open(LOG) as log:
        return sum('"kill"' in line for line in log)

@action(background=QUICK)
async def innocent(word: str) -> None:
    say("begin", word)
    await asyncio.sleep(600.0 if killed() < 2 else 0.1)
    say("end", word)

@action(background=QUICK)
async def kills_all(word: str, innocents: int) -> None:
    say("begin", word)
    if begun(word) < 3:
        while not all(begun(str(n)) == begun(word) for n in range(innocents)):
            await asyncio.sleep(0.01)
    say("kill", word)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def gaps(entries):
    return [later.at - sooner.at for sooner, later in pairwise(entries)]


class Delays(dramatiq.Middleware):
    """Notes for how long jobs are held back, in milliseconds."""

    def __init__(self, delays):
        self._delays = delays

    def after_enqueue(self, broker, message, delay):
        self._delays.append(delay)


class TestRetries(OnBrokers):
    def test_a_job_that_fails_is_tried_again_ever_later_and_then_is_a_dead_letter(self, make):
        app = make(FAILING)
        job = app.enqueue("fails", word="it", using={"max_retries": 4})
        with app.working():
            until(app.broker.dead)
        tries = app.said("try", "it")
        assert [one.attempt for one in tries] == [1, 2, 3, 4, 5]
        assert {one.job for one in tries} == {job.id}
        for gap, longest in zip(gaps(tries), (0.1, 0.2, 0.4, 0.4), strict=True):
            assert longest / 2 <= gap < longest + SLACK
        (dead,) = app.broker.dead()
        assert (dead.id, dead.actor) == (job.id, "fails")
        assert "ValueError: broken to pieces: it" in dead.error
        assert "line " in dead.error

    def test_the_gaps_of_jobs_that_fail_together_are_spread(self, make):
        app, delays = make(FAILING), []
        app.enqueue_all("fails_slowly", [{"word": str(n)} for n in range(60)])
        app.broker.add_middleware(Delays(delays))
        with app.working():
            until(lambda: len(delays) == 60)
        assert 500 <= min(delays) / 1000 < 700  # none of them does so by a chance of 1 in 10^13
        assert 800 < max(delays) / 1000 <= 1000

    def test_a_job_that_succeeds_at_last_has_a_result(self, make):
        app = make(FAILING)
        job = app.enqueue("fails", word="it", times=2, using={"keep_result": 60})
        with app.working():
            assert app.wait(job) == "it"
            app.until_idle()
        assert [one.attempt for one in app.said("try")] == [1, 2, 3]
        assert app.broker.dead() == []

    def test_a_dead_letter_that_is_replayed_has_all_its_tries_again(self, make):
        app = make(FAILING)
        job = app.enqueue("fails_twice", word="it")
        with app.working():
            until(app.broker.dead)
            assert app.run(app.queue.retry(job.id))
            until(lambda: len(app.said("try")) == 4)
            until(app.broker.dead)
        assert [one.attempt for one in app.said("try")] == [1, 2, 1, 2]

    def test_a_dead_letter_that_somebody_would_have_cancelled_is_replayed(self, make, monkeypatch):
        monkeypatch.setattr("servey_sched.jobs.cancelling._SKEW", 0.0)
        app = make(FAILING)
        job = app.enqueue("fails_twice", word="it")
        with app.working():
            until(app.broker.dead)
            assert not app.run(job.cancel())
            app.wait(app.enqueue("anap", word="", seconds=1.0, using={"keep_result": 60}))
            assert app.run(app.queue.retry(job.id))  # the worker has looked meanwhile
            until(app.broker.dead)
        assert len(app.said("try")) == 4

    def test_a_problem_of_the_caller_is_not_tried_again(self, make):
        app = make(FAILING)
        app.enqueue("misses", word="it")
        with app.working():
            until(app.broker.dead)
        assert len(app.said("try")) == 1
        (dead,) = app.broker.dead()
        assert dead.error == "Teapot (404): short and stout: \\udcff"

    @pytest.mark.parametrize(("seconds", "least"), [("1", 1.0), ("36000", 1.0), ("soon", 0.0)])
    def test_a_job_waits_as_it_is_told_but_no_longer_than_it_may(self, make, seconds, least):
        app = make(FAILING)
        app.enqueue("is_told_to_wait", word="it", seconds=seconds)
        with app.working():
            until(lambda: len(app.said("try")) == 2)
        [gap] = gaps(app.said("try"))
        assert least <= gap < least + SLACK

    @pytest.mark.parametrize("action", ["exits", "cancels_itself"])
    def test_what_would_end_a_worker_is_a_failure(self, make, action):
        app = make(FAILING)
        app.enqueue(action, word="it", using={"max_retries": 1})
        app.enqueue("anote", word="next")
        with app.working() as worker:
            until(app.broker.dead)
            until(lambda: app.said("note"))
            assert not worker.ended.done()
        assert [one.attempt for one in app.said("try")] == [1, 2]
        assert app.words("note") == ["next"]


@pytest.mark.slow
class TestPoison(OnBrokers):
    @pytest.mark.parametrize("action", ["kills", "kills_in_turn"])
    def test_a_job_that_kills_its_worker_is_given_up_and_others_run(self, make, action):
        app = make(FAILING, job_max_starts=2)
        app.enqueue(action, word="poison")
        app.enqueue_all("nap", [{"word": n, "seconds": 0.05} for n in map(str, range(12))])
        app.worker("--processes=2", ready=False)
        until(app.broker.dead)
        until(lambda: len({*app.words("end")}) == 12)
        (dead,) = app.broker.dead()
        assert dead.actor == action
        assert "died 2 times" in dead.error
        assert len(app.said("try", "poison")) == 2
        assert {*app.words("end")} == {*map(str, range(12))}


@pytest.mark.slow
class TestInnocents(OnBrokers):
    def test_jobs_beside_one_that_kills_its_worker_are_not_given_up(self, make):
        app = make(BESIDE, job_max_starts=3)
        innocents = [str(n) for n in range(5)]
        app.enqueue_all("innocent", [{"word": word} for word in innocents[:2]])
        app.enqueue("kills_all", word="poison", innocents=len(innocents))
        app.enqueue_all("innocent", [{"word": word} for word in innocents[2:]])
        for _ in range(3):
            assert app.worker(ready=False).ended() == -signal.SIGKILL
        with app.working():
            until(app.broker.dead)
            until(lambda: {*app.words("end")} == {*innocents})
        assert [dead.actor for dead in app.broker.dead()] == ["kills_all"]
        assert len(app.said("kill")) == 3
        assert all(len(app.said("begin", word)) == 3 for word in innocents)  # the third time alone


@pytest.mark.slow
class TestPoisonThatWaits(OnBrokers):
    kinds = ("sqlite",)

    def test_deaths_are_not_forgotten_while_a_job_waits_for_its_turn(self, make):
        app = make(FAILING)
        job = app.enqueue("hangs_at_first", word="suspect")
        worker = app.worker()
        until(lambda: app.said("begin"))
        states = set()
        with app.working():
            app.enqueue("hangs_at_first", word="other")
            worker.kill()
            until(lambda: app.said("end", "suspect") or states.add(app.broker.find(job.id).state))
        assert states <= {"running", "ready"}  # not enqueued anew, as if it had never started


@pytest.mark.slow
class TestPoisonWithAKey(OnBrokers):
    def test_deaths_are_not_forgotten_while_a_job_waits_for_its_key(self, make, caplog):
        caplog.set_level(logging.INFO, "servey.jobs")
        app = make(FAILING)
        app.enqueue("hangs_by_key", word="suspect", using={"idempotency_key": "a"})
        worker = app.worker()
        until(lambda: app.said("begin"))
        worker.kill()
        with app.working():
            until(lambda: "has to wait" in caplog.text)  # as its worker has died with the key
        sizes = app.broker.sizes()[app.store.queue]
        assert (sizes.ready, sizes.delayed) == (1, 0)  # not enqueued anew


def changed(**members):
    """A job that somebody has changed on its way."""
    message = dramatiq.Message("default", "note", (), {"word": "bad"}, {"servey": 1})
    return {**message.asdict(), **members}


def body_of(message, queue, number):
    """The bytes of a message, which has an id of its own where it is one."""
    if isinstance(message, bytes):
        return message
    named = {"queue_name": queue, "message_id": f"bad-{number}"}
    return json.dumps({**message, **named}).encode()


BAD = {
    "garbage": b"\xff\x00 nothing",
    "a large garbage": b"{" * 5_000_000,
    "an unknown action": changed(actor_name="no_such_action"),
    "wrong arguments": changed(kwargs={"word": 7}),
    "large arguments": changed(kwargs={"word": ["x" * 5_000_000]}),
    "deep arguments": changed(kwargs={"word": json.loads("[" * 900 + "]" * 900)}),
    "arguments that are no JSON": changed(kwargs={"word": float("nan")}),
    "half characters": changed(kwargs={"word": "\udc00"}, actor_name="no_\udc00_action"),
    "another form": changed(options={"servey": 2}),
    "no form": changed(options={}),
    "arguments without names": changed(args=["bad"]),
    "an odd authorization": changed(options={"servey": 1, "authorization": 7}),
    "an odd number": changed(options={"servey": 1, "retries": "many"}),
    "an infinite number": changed(options={"servey": 1, "keep_result": float("inf")}),
    "an odd priority": changed(options={"servey": 1, "priority": "high"}),
    "an odd key": changed(options={"servey": 1, "idempotency_key": "\n"}),
    "an odd moment": changed(message_timestamp="now"),
}


class TestGarbage(OnBrokers):
    def test_what_is_no_job_is_a_dead_letter_and_stops_nobody(self, app):
        app.broker.sizes()  # makes the store
        with app.working():
            app.wait(app.enqueue("note", word="first", using={"keep_result": 60}))
            for number, (name, message) in enumerate(BAD.items(), 1):
                app.store.put(body_of(message, app.store.queue, number))
                began = time.monotonic()
                app.enqueue("note", word=name)
                until(lambda name=name: app.said("note", name))
                assert time.monotonic() - began < 2, name
                until(lambda number=number: len(app.broker.dead(limit=1000)) == number)
                assert app.broker.dead(limit=1)[0].error, name
        assert "bad" not in app.words("note")
