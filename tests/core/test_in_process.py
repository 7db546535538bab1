"""The task queue of a process: what it promises, and how loudly it says what it does not."""

import asyncio
import gc
import re
import signal
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest
from waiting import PATIENCE

from servey_core import (
    Background,
    JobFailed,
    JobState,
    QueueFull,
    action,
    current_job,
    enqueue,
    enqueue_many,
)
from servey_core.enqueueing import order_job
from servey_core.job_handles import job_of

KEPT = Background(keep_result=60, max_retries=0)
FORGETS = r"kept in the memory of this process.*pip install servey-sched"


def result(job):
    return asyncio.run(job.result(PATIENCE))


async def until(job, true):
    """Ask for a job's status until something is true of it, and give that."""
    async with asyncio.timeout(PATIENCE):
        while not true(status := await job.status()):  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.001)
        return status


def state_of(job):
    status = asyncio.run(job.status())
    return status and status.state


class Gate:
    """An action that blocks a thread until it is let go, and says that it has begun."""

    def __init__(self, background=KEPT):
        self.begun, self.go = threading.Semaphore(0), threading.Event()
        self.cancelled = threading.Event()

        @action(background=background)
        def wait(number: int = 0) -> int:
            self.begun.release()
            assert self.go.wait(PATIENCE)
            return number

        @action(background=background)
        async def hang() -> None:
            self.begun.release()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()

        self.wait, self.hang = wait, hang

    def await_one(self):
        assert self.begun.acquire(timeout=PATIENCE)


@pytest.fixture
def gate(background_app):
    gate = Gate()
    yield gate
    gate.go.set()


class TestForgetting:
    def test_it_says_once_that_it_forgets(self, background_app, gate, caplog):
        background_app(gate.wait)
        gate.go.set()
        assert not re.findall(FORGETS, caplog.text)
        result(enqueue(gate.wait))
        result(enqueue(gate.wait))
        assert len(re.findall(FORGETS, caplog.text)) == 1

    def test_it_says_how_many_jobs_are_lost(self, background_app, gate, caplog):
        runtime = background_app(gate.wait, gate.hang)
        enqueue_many.using(delay=3600)(gate.wait, [{}] * 3)
        enqueue(gate.hang)
        gate.await_one()
        runtime.close_task_queue()
        assert "4 jobs not done, and lost with this process: hang, wait" in caplog.text
        assert gate.cancelled.wait(PATIENCE)

    def test_nothing_is_said_where_nothing_is_lost(self, background_app, gate, caplog):
        runtime = background_app(gate.wait)
        gate.go.set()
        result(enqueue(gate.wait))
        runtime.close_task_queue()
        assert "lost with" not in caplog.text

    def test_who_waits_for_a_lost_job_is_told(self, background_app, gate):
        runtime = background_app(gate.hang)
        job = enqueue(gate.hang)
        gate.await_one()
        runtime.close_task_queue()
        with pytest.raises(JobFailed, match="has failed"):
            result(job)

    def test_it_ends_its_thread_and_begins_anew_where_it_must(self, background_app, gate):
        runtime = background_app(gate.wait)
        gate.go.set()
        for _ in range(2):
            assert result(enqueue(gate.wait, 5)) == 5
            assert any(one.name == "servey-jobs" for one in threading.enumerate())
            runtime.close_task_queue()
            assert not any(one.name == "servey-jobs" for one in threading.enumerate())


class TestBackpressure:
    def test_more_than_the_backlog_is_refused(self, background_app, gate):
        background_app(gate.wait, task_backlog=3)
        jobs = enqueue_many(gate.wait, [{"number": number} for number in range(3)])
        with pytest.raises(QueueFull, match=r"3 jobs wait .* SERVEY_TASK_BACKLOG allows 3") as full:
            enqueue(gate.wait)
        assert (full.value.status, full.value.headers) == (503, {"Retry-After": "1"})
        gate.go.set()
        assert [result(job) for job in jobs] == [0, 1, 2]
        assert result(enqueue(gate.wait, 3)) == 3  # there is room for it

    def test_of_many_all_or_none_are_taken(self, background_app, gate):
        runtime = background_app(gate.wait, task_backlog=3)
        enqueue(gate.wait)
        orders = [order_job(runtime, "wait", {"number": number}) for number in range(3)]
        with pytest.raises(QueueFull):
            runtime.task_queue.put(orders)
        assert [asyncio.run(runtime.task_queue.status(one.id)) for one in orders] == [None] * 3
        runtime.task_queue.put(orders[:2])

    def test_one_that_is_there_already_needs_no_room(self, background_app, gate):
        background_app(gate.wait, task_backlog=1)
        send = enqueue.using(delay=3600, idempotency_key="a")
        assert send(gate.wait).id == send(gate.wait).id

    def test_no_room_at_all(self, background_app, gate):
        background_app(gate.wait, task_backlog=0)
        with pytest.raises(QueueFull):
            enqueue(gate.wait)

    def test_a_worker_that_is_stuck_costs_no_more_memory_than_its_backlog(
        self, background_app, gate
    ):
        background_app(gate.wait, task_backlog=5000)
        many = [{"number": number} for number in range(100)]
        for _ in range(50):
            last = enqueue_many(gate.wait, many)[-1]
        asyncio.run(last.cancel())  # the worker has taken in all of them once it is told of this
        asyncio.run(until(last, lambda status: status.state is JobState.CANCELLED))
        enqueue(gate.wait)
        tracemalloc.start()
        try:
            refused = 0
            for _ in range(10_000):  # each of which would look at 5000 jobs, were they counted
                try:
                    enqueue(gate.wait)
                except QueueFull:
                    refused += 1
            gc.collect()  # what is held, and not what waits to be collected
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert refused == 10_000
        assert held < 2_500_000  # an order has some 1000

    def test_as_many_results_are_kept_as_jobs_may_wait(self, background_app, gate):
        background_app(gate.wait, task_backlog=2)
        gate.go.set()
        jobs = []
        for number in range(3):
            jobs.append(enqueue(gate.wait, number))
            result(jobs[-1])
        assert [state_of(job) for job in jobs] == [None, JobState.SUCCEEDED, JobState.SUCCEEDED]

    def test_a_result_that_makes_room_for_another_is_not_held(self, background_app):
        @action(background=KEPT)
        def repeat(times: int) -> str:
            return "x" * times

        background_app(repeat, task_backlog=2)
        result(enqueue(repeat, 1))
        tracemalloc.start()
        try:
            for _ in range(50):
                result(enqueue(repeat, 100_000))
            gc.collect()
            held, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert held < 1_000_000  # two results, and not fifty


class TestRunning:
    def test_a_result_is_forgotten_in_its_time(self, background_app, gate):
        background_app(gate.wait)
        gate.go.set()
        job = enqueue.using(keep_result=0.05)(gate.wait)

        result(job)
        asyncio.run(until(job, lambda status: status is None))

    def test_what_is_not_kept_is_not_known_when_it_is_done(self, background_app, gate):
        background_app(gate.wait)
        job = enqueue.using(keep_result=0)(gate.wait)
        gate.await_one()
        assert state_of(job) is JobState.RUNNING
        gate.go.set()

        asyncio.run(until(job, lambda status: status is None))

    def test_jobs_are_where_they_are_said_to_be(self, background_app, gate):
        background_app(gate.wait)
        later, now = enqueue.using(delay=3600)(gate.wait), enqueue(gate.wait)
        gate.await_one()
        assert [state_of(later), state_of(now)] == [JobState.DELAYED, JobState.RUNNING]
        gate.go.set()
        result(now)
        assert state_of(now) is JobState.SUCCEEDED

    def test_progress_is_seen(self, background_app, gate):
        reported = threading.Event()

        @action(background=KEPT)
        def walk() -> None:
            current_job().report(1, 3, "on foot")
            reported.set()
            gate.go.wait(PATIENCE)

        background_app(walk)
        job = enqueue(walk)
        assert reported.wait(PATIENCE)
        progress = asyncio.run(job.status()).progress
        assert (progress.done, progress.total, progress.note) == (1, 3, "on foot")

    def test_a_limit_of_concurrency_holds(self, background_app):
        gate = Gate(Background(concurrency=1, keep_result=60))
        background_app(gate.wait)
        first, second = enqueue(gate.wait, 1), enqueue(gate.wait, 2)
        gate.await_one()
        assert {state_of(first), state_of(second)} == {JobState.RUNNING, JobState.READY}
        gate.go.set()
        assert [result(first), result(second)] == [1, 2]

    def test_a_job_that_exits_the_process_only_fails(self, background_app, caplog):
        @action(background=KEPT)
        def exits() -> None:
            sys.exit(3)

        @action(background=KEPT)
        async def exits_too() -> None:
            sys.exit(3)

        @action(background=KEPT)
        def survives() -> str:
            return "here"

        background_app(exits, exits_too, survives)
        for one in (exits, exits_too):
            with pytest.raises(Exception, match="Internal error") as caught:
                result(enqueue(one))
            assert caught.value.status == 500
        assert result(enqueue(survives)) == "here"
        assert "would have exited the process with 3" in caplog.text

    def test_a_state_that_cannot_be_had_fails_a_job_and_no_other(
        self, background_app, gate, caplog
    ):
        background_app(gate.wait, state="nowhere:")
        gate.go.set()
        with pytest.raises(Exception, match="Internal error"):
            result(enqueue.using(idempotency_key="a")(gate.wait))
        assert "SERVEY_STATE is 'nowhere:'" in caplog.text
        assert result(enqueue(gate.wait, 1)) == 1

    def test_jobs_go_on_whose_neighbour_would_end_their_loop(self, background_app, gate, caplog):
        @action(background=KEPT)
        async def exits_elsewhere() -> str:
            async def exit_soon() -> None:
                raise SystemExit

            task = asyncio.create_task(exit_soon())
            await asyncio.wait([task])
            return "here"

        background_app(gate.wait, exits_elsewhere)
        waiting = enqueue(gate.wait, 5)
        assert result(enqueue(exits_elsewhere)) == "here"
        gate.go.set()
        assert result(waiting) == 5
        assert "would have exited the process" in caplog.text

    def test_many_threads_may_send_and_ask_at_once(self, background_app, gate):
        background_app(gate.wait)
        gate.go.set()

        def send(number):
            return result(enqueue(gate.wait, number))

        with ThreadPoolExecutor(8) as pool:
            assert [*pool.map(send, range(200))] == [*range(200)]


class TestForgotten:
    def test_who_waits_for_a_result_that_is_forgotten_is_told(self, background_app, gate):
        background_app(gate.wait)
        gate.go.set()
        job = enqueue.using(keep_result=0.05)(gate.wait)
        asyncio.run(until(job, lambda status: status is None))
        with pytest.raises(JobFailed, match="is not kept any more"):
            result(job)


SENDING = """
import asyncio, threading, time
from pathlib import Path
from servey_core import action, enqueue
from servey_core.current import known_runtime

@action
async def rest() -> None:
    while not Path("go").exists():
        await asyncio.sleep(0.01)
    Path("done").touch()

def send_soon():
    while not (known_runtime() and Path("send").exists()):
        time.sleep(0.01)
    enqueue(rest)

threading.Thread(target=send_soon, daemon=True).start()
"""


class TestDraining:
    def test_what_runs_or_could_is_waited_for_and_what_waits_for_its_time_is_not(
        self, background_app, caplog
    ):
        gate = Gate(Background(concurrency=1, keep_result=60))
        runtime = background_app(gate.wait)
        jobs = enqueue_many(gate.wait, [{"number": number} for number in range(3)])
        enqueue.using(delay=3600)(gate.wait)
        gate.await_one()
        with ThreadPoolExecutor(1) as pool:
            closing = pool.submit(runtime.close_task_queue, PATIENCE)
            gate.go.set()
            closing.result(PATIENCE)
        assert [result(job) for job in jobs] == [0, 1, 2]
        assert "1 job not done, and lost with this process: wait" in caplog.text

    def test_it_takes_no_longer_than_it_may(self, background_app, gate, caplog):
        runtime = background_app(gate.hang)
        enqueue(gate.hang)
        gate.await_one()
        runtime.close_task_queue(0.05)
        assert "1 job not done, and lost with this process: hang" in caplog.text
        assert gate.cancelled.wait(PATIENCE)

    def test_a_server_lets_its_jobs_end(self, project):
        project.write("actions.py", SENDING)
        serving = project.serve(SERVEY_TASK_QUEUE="in-process", PYTHONWARNINGS="default")
        serving.line("Serving")
        (project.folder / "send").touch()
        serving.line("kept in the memory of this process")
        serving.signal(signal.SIGTERM)
        serving.line("1 job of this process may take")
        (project.folder / "go").touch()
        assert serving.ended() == 0
        assert (project.folder / "done").exists()
        assert "lost with" not in serving.text


class TestCancelling:
    def test_one_that_waits_does_not_start(self, background_app, gate):
        background_app(gate.wait)
        job = enqueue.using(delay=3600)(gate.wait)
        assert asyncio.run(job.cancel())
        with pytest.raises(JobFailed, match="has been cancelled"):
            result(job)

    def test_a_coroutine_is_cancelled(self, background_app, gate):
        background_app(gate.hang)
        job = enqueue(gate.hang)
        gate.await_one()
        assert asyncio.run(job.cancel())
        assert gate.cancelled.wait(PATIENCE)
        with pytest.raises(JobFailed, match="has been cancelled"):
            result(job)

    def test_a_thread_sees_it_and_is_waited_for(self, background_app, gate):
        seen = threading.Event()

        @action(background=KEPT)
        def look() -> str:
            gate.begun.release()
            while not current_job().cancelled:
                gate.go.wait(0.001)
            seen.set()
            return "too late"

        background_app(look)
        job = enqueue(look)
        gate.await_one()
        assert asyncio.run(job.cancel())
        assert seen.wait(PATIENCE)
        with pytest.raises(JobFailed, match="has been cancelled"):
            result(job)

    def test_one_that_fails_is_not_tried_again_once_it_is_cancelled(self, background_app, gate):
        tries = []

        @action(background=Background(min_backoff=0, keep_result=60))
        def fail() -> None:
            tries.append(1)
            gate.begun.release()
            while not current_job().cancelled:
                gate.go.wait(0.001)
            raise RuntimeError("again")

        background_app(fail)
        job = enqueue(fail)
        gate.await_one()

        assert asyncio.run(job.cancel())
        with pytest.raises(JobFailed, match="has been cancelled"):
            result(job)
        assert len(tries) == 1

    def test_one_whose_repeat_is_waited_for_is_let_go(self, background_app, gate):
        @action(background=Background(min_backoff=3600, keep_result=60))
        def fail() -> None:
            raise RuntimeError("again")

        background_app(fail)
        job = enqueue(fail)

        async def scenario():
            await until(job, lambda status: status.state is JobState.DELAYED)
            return await job.cancel()

        assert asyncio.run(scenario())
        with pytest.raises(JobFailed, match="has been cancelled"):
            result(job)

    def test_one_that_is_not_there_cannot_be(self, background_app, gate):
        runtime = background_app(gate.wait)
        assert not asyncio.run(runtime.task_queue.cancel("nobody"))
        gate.go.set()
        job = enqueue(gate.wait)
        result(job)
        assert not asyncio.run(job.cancel())

    def test_one_that_is_cancelled_before_it_began(self, background_app, gate):
        runtime = background_app(gate.wait)
        order = order_job(runtime, "wait", {}, keep_result=60)

        async def scenario():
            runtime.task_queue.put([order])
            return await runtime.task_queue.cancel(order.id)

        assert asyncio.run(scenario())
        gate.go.set()
        with pytest.raises(JobFailed, match="has been cancelled"):
            result(job_of(order, runtime))


class TestKeys:
    def test_an_order_takes_the_place_of_one_that_waits(self, background_app, gate):
        background_app(gate.wait)
        gate.go.set()
        first = enqueue.using(idempotency_key="a", delay=3600)(gate.wait, 1)
        second = enqueue.using(idempotency_key="a")(gate.wait, 2)
        assert first.id == second.id
        assert [result(first), result(second)] == [2, 2]

    def test_an_order_of_one_that_runs_is_that_one(self, background_app, gate):
        background_app(gate.wait)
        first = enqueue.using(idempotency_key="a", keep_result=0)(gate.wait, 1)
        gate.await_one()
        second = enqueue.using(idempotency_key="a")(gate.wait, 1)
        assert first.id == second.id
        gate.go.set()
        assert result(second) == 1
        assert not gate.begun.acquire(blocking=False)

    def test_an_order_of_one_that_has_run_gives_what_that_gave(self, background_app, gate):
        background_app(gate.wait)
        gate.go.set()
        send = enqueue.using(idempotency_key="a")
        assert [result(send(gate.wait, 1)) for _ in range(3)] == [1, 1, 1]
        gate.await_one()
        assert not gate.begun.acquire(blocking=False)

    def test_orders_of_one_key_in_one_step_are_one_job(self, background_app, gate):
        runtime = background_app(gate.wait)
        gate.go.set()
        orders = [order_job(runtime, "wait", {}, idempotency_key="a", keep_result=60)] * 3
        runtime.task_queue.put(orders)
        assert result(job_of(orders[0], runtime)) == 0
        gate.await_one()
        assert not gate.begun.acquire(blocking=False)
