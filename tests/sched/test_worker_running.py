"""How a worker runs jobs: many at once, by priority, of some queues, and from within jobs."""

import time

from job_applications import SLACK, OnBrokers
from waiting import until

MANY = """
@action(background=QUICK)
async def parent(word: str) -> None:
    for number in range(5):
        await aenqueue(child, f"{word}-{number}")
    enqueue(note, f"{word}-blocking")

@action(background=QUICK)
def child(word: str) -> None:
    enqueue(note, word)

@action(background=Background(queue=QUEUE + "-other"))
def elsewhere(word: str) -> None:
    say("note", word)
"""


class TestRunning(OnBrokers):
    def test_many_coroutines_run_at_once(self, make):
        app = make()
        app.enqueue_all("anap", [{"word": str(n), "seconds": 0.5} for n in range(500)])
        began = time.monotonic()
        with app.working():
            until(lambda: len(app.said("end")) == 500)
        assert time.monotonic() - began < 500 / 100 * 0.5 + SLACK

    def test_functions_that_block_run_at_once_as_well(self, make):
        app = make(job_threads=4)
        app.enqueue_all("nap", [{"word": str(n), "seconds": 0.3} for n in range(16)])
        began = time.monotonic()
        with app.working():
            until(lambda: len(app.said("end")) == 16)
        assert 1.2 <= time.monotonic() - began < 1.2 + SLACK

    def test_a_smaller_priority_goes_first(self, make):
        app = make(job_threads=1)
        for priority in (5, -5, 0):
            using = {"priority": priority}
            app.enqueue_all("note", [{"word": str(priority)}] * 2, using=using)
        with app.working():
            until(lambda: len(app.said("note")) == 6)
        assert app.words("note") == ["-5", "-5", "0", "0", "5", "5"]

    def test_jobs_send_jobs(self, make):
        app = make(MANY)
        app.enqueue("parent", word="it")
        with app.working():
            until(lambda: len(app.said("note")) == 6)
            app.until_idle()
        assert {*app.words("note")} == {"it-blocking", *(f"it-{n}" for n in range(5))}


class TestQueues(OnBrokers):
    kinds = ("sqlite", "redis")

    def test_a_worker_takes_jobs_of_the_queues_that_it_is_told_of(self, make):
        app = make(MANY)
        app.enqueue("note", word="here")
        app.enqueue("elsewhere", word="there")
        other = f"{app.store.queue}-other"
        worker = app.worker("--queues", other)
        until(lambda: app.broker.is_idle(other))  # or its job would run once more
        assert app.words("note") == ["there"]
        assert app.broker.sizes()[app.store.queue].ready == 1
        worker.kill()
        with app.working():
            app.until_idle()
        assert app.words("note") == ["there", "here"]
