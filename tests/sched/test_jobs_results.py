"""What is known of jobs: their results, how far they are, how they ended; and cancelling them."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from job_applications import SLACK, OnBrokers, Store, applications
from waiting import until

from servey_core import JobFailed, JobState, NotFound, Progress, QueueFull, enqueue_many
from servey_core.enqueueing import order_job
from servey_core.job_handles import job_of
from servey_sched.jobs.cancelling import cancel_wherever
from servey_sched.jobs.messages import message_of

TELLING = """
@action(background=QUICK)
async def reports(word: str) -> str:
    current_job().report(1, 3, "began")
    say("begin", word)
    while not os.path.exists("go"):
        await asyncio.sleep(0.01)
    current_job().report(3, 3)
    return word

@action(background=QUICK)
async def reports_oddly(word: str) -> str:
    from decimal import Decimal
    current_job().report(Decimal("1.5"), object())
    say("begin", word)
    await asyncio.sleep(1.0)
    return word

@action(background=QUICK)
async def misses(word: str) -> str:
    raise NotFound("Nowhere.", place="here")

@action(background=QUICK)
async def waits(word: str) -> str:
    say("begin", word)
    try:
        await asyncio.sleep(600)
    finally:
        say("cancelled", word)

@action(background=QUICK)
def looks_up(word: str) -> str:
    say("begin", word)
    while not current_job().cancelled:
        time.sleep(0.01)
    say("cancelled", word)
    return word

@action(background=Background(queue=QUEUE, concurrency=1))
async def waits_in_turn(word: str) -> str:
    say("begin", word)
    await asyncio.sleep(600)
"""

KEPT = {"keep_result": 60}


class TestResults(OnBrokers):
    def test_a_result_is_there_for_other_processes(self, make):
        app = make(TELLING)
        job = app.enqueue("note", word="it", using=KEPT)
        app.worker()
        assert app.wait(job) == "it"
        status = app.run(job.status())
        assert (status.state, status.action) == (JobState.SUCCEEDED, "note")

    def test_a_problem_is_a_result_too(self, make):
        app = make(TELLING)
        job = app.enqueue("misses", word="it", using=KEPT)
        with app.working(), pytest.raises(NotFound, match="Nowhere") as raised:
            app.wait(job)
        assert (raised.value.status, raised.value.extensions) == (404, {"place": "here"})
        assert app.run(job.status()).state is JobState.FAILED

    def test_a_result_is_kept_for_its_time(self, make):
        app = make(TELLING)
        job = app.enqueue("anote", word="it", using={"keep_result": 4.0})
        with app.working():
            assert app.wait(job) == "it"
            until(lambda: app.run(job.status()) is None)

    def test_a_result_that_is_forgotten_by_now_is_not_waited_for(self, make):
        app = make(TELLING)
        if app.store.kind == "rabbitmq":  # which cannot tell it from one that will be there
            return
        job = app.enqueue("anote", word="it", using={"keep_result": 0.01})
        with app.working():
            app.until_idle()
            with pytest.raises(JobFailed, match="is not kept any more"):
                app.wait(job)

    def test_a_result_that_is_not_kept_cannot_be_waited_for(self, make):
        app = make(TELLING)
        with pytest.raises(ValueError, match="is not kept"):
            app.wait(app.enqueue("note", word="it"))

    def test_a_job_that_no_worker_knows_has_failed(self, make):
        app = make(TELLING)
        order = order_job(app.runtime, "note", {"word": "it"}, keep_result=60)
        message = message_of(order)
        app.broker.enqueue(replace(message, actor_name="an_old_name"))
        with app.working(), pytest.raises(JobFailed, match="failed"):
            app.wait(job_of(order, app.runtime))


class TestProgress(OnBrokers):
    def test_it_is_shown_while_the_job_runs(self, make, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        app = make(TELLING)
        job = app.enqueue("reports", word="it", using=KEPT)
        with app.working():
            until(lambda: (known := app.run(job.status())) and known.progress)
            status = app.run(job.status())
            assert status.progress == Progress(1, 3, "began")
            assert status.state is JobState.RUNNING
            (tmp_path / "go").touch()
            assert app.wait(job) == "it"
        assert app.run(job.status()).progress == Progress(3, 3)

    def test_odd_numbers_are_shown_as_they_can_be(self, make):
        app = make(TELLING)
        job = app.enqueue("reports_oddly", word="it", using=KEPT)
        with app.working():
            until(lambda: (known := app.run(job.status())) and known.progress)
            assert app.run(job.status()).progress.done == 1.5
            assert app.wait(job) == "it"
        assert len(app.said("begin")) == 1


class TestCancelling(OnBrokers):
    def test_a_job_that_waits_never_runs(self, make):
        app = make(TELLING)
        later = app.enqueue("note", word="later", using={"delay": 600, **KEPT})
        cancelled = app.run(later.cancel())
        if app.store.kind == "rabbitmq":  # which cannot look for one job
            return
        assert cancelled
        with pytest.raises(JobFailed, match="cancelled"):
            app.wait(later)

    @pytest.mark.parametrize("action", ["waits", "looks_up"])
    def test_a_job_that_runs_is_stopped(self, make, action, caplog):
        app = make(TELLING)
        job = app.enqueue(action, word="it", using=KEPT)
        with app.working():
            until(lambda: app.said("begin"))
            app.run(job.cancel())
            until(lambda: app.said("cancelled"))
            until(lambda: (now := app.run(job.status())) and now.state is JobState.CANCELLED)
            app.until_idle()
        assert len(app.said("begin")) == 1
        assert app.broker.dead() == []
        assert "given up" not in caplog.text  # a function that is told is waited for

    def test_a_job_that_waits_with_a_worker_is_let_go(self, make):
        app = make(TELLING)
        jobs = app.enqueue_all("waits_in_turn", [{"word": "1"}, {"word": "2"}], using=KEPT)
        with app.working():
            until(lambda: app.said("begin"))
            [running] = app.said("begin")
            [other] = [one for one in jobs if one.id != running.job]
            app.run(cancel_wherever(app.runtime.state, other.id))
            with pytest.raises(JobFailed, match="cancelled"):
                app.wait(other)
        assert len(app.said("begin")) == 1

    def test_a_job_that_is_sent_anew_after_it_was_cancelled_runs(self, make, monkeypatch):
        monkeypatch.setattr("servey_sched.jobs.cancelling._SKEW", 0.0)
        app = make(TELLING)
        using = {"idempotency_key": "order-7", **KEPT}
        job = app.enqueue("note", word="it", using={**using, "delay": 600})
        app.run(cancel_wherever(app.runtime.state, job.id))
        with app.working():
            app.wait(app.enqueue("anap", word="it", seconds=1.0, using=KEPT))  # it has looked
            assert app.wait(app.enqueue("note", word="it", using=using)) == "it"


class TestSendingAgain(OnBrokers):
    kinds = ("sqlite", "redis")

    def test_a_job_that_was_forgotten_and_is_sent_again_is_as_if_it_were_new(self, make):
        app = make(TELLING)
        using = {"idempotency_key": "order-7", **KEPT}
        job = app.enqueue("note", word="it", using={**using, "delay": 600})
        assert app.run(job.cancel())
        assert app.run(job.status()).state is JobState.CANCELLED
        again = app.enqueue("note", word="it", using=using)
        assert app.run(again.status()).state is JobState.READY
        with app.working():
            assert app.wait(again) == "it"


class TestTimes(OnBrokers):
    def test_jobs_wait_for_their_time(self, make):
        app = make(TELLING)
        with app.working():
            sent = time.time()
            app.enqueue("note", word="delay", using={"delay": 0.7})
            app.enqueue("note", word="at", using={"at": datetime.now(UTC) + timedelta(seconds=1.2)})
            app.enqueue("note", word="now")
            until(lambda: len(app.said("note")) == 3)
        assert app.words("note") == ["now", "delay", "at"]
        now, delay, at = app.log()
        assert 0.0 <= now.at - sent < SLACK
        assert 0.7 <= delay.at - sent < 0.7 + SLACK
        assert 1.2 <= at.at - sent < 1.2 + SLACK


def test_many_jobs_for_one_moment_are_all_taken_or_none(tmp_path):
    with applications(tmp_path, Store("memory", "memory:")) as make:
        app = make(jobs_in_memory=3)
        send = enqueue_many.using(at=datetime.now(UTC) + timedelta(hours=1), runtime=app.runtime)
        note = app.runtime.invoker("note").action.function
        with pytest.raises(QueueFull):
            send(note, [{"word": str(number)} for number in range(5)])
        assert app.broker.sizes()["default"].delayed == 0
