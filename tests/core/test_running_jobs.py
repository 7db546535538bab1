"""A job while it runs: its tries, its limits, its key, and what its action knows of it."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from waiting import PATIENCE

from servey_core import (
    ActionTimeout,
    Background,
    BadRequest,
    Context,
    Idempotency,
    IdempotencyKeyReused,
    InternalError,
    NotFound,
    ProblemError,
    RunningJob,
    TooManyRequests,
    Unavailable,
    action,
    current_job,
    enqueue,
)
from servey_core.errors import StillUnderWay
from servey_core.problems import Problem
from servey_core.running_jobs import Postponed, counts_as_retry, retry_delay, run_job
from servey_core.stored_replies import ReplayedProblem

AT_ONCE = Background(min_backoff=0, keep_result=60)


def result(job):
    return asyncio.run(job.result(PATIENCE))


def run_now(runtime, name, arguments=b"{}", job=None, **circumstances):
    """Make one try of a job, here and now."""
    job = job or RunningJob("1")
    context = Context(surface="job", **circumstances)
    trying = run_job(runtime.invoker(name), arguments, context, job, lambda: runtime.state)
    return asyncio.run(trying)


class TestDelays:
    RULE = Background(min_backoff=10, max_backoff=100)

    @pytest.mark.parametrize(
        "error",
        [BadRequest(), NotFound(), IdempotencyKeyReused()]
        + [ReplayedProblem.of(Problem.of(one)) for one in (NotFound(), InternalError())],
    )
    def test_what_another_try_would_not_mend_is_not_tried_again(self, error):
        assert retry_delay(self.RULE, error, 0) is None
        assert counts_as_retry(error)

    @pytest.mark.parametrize(
        "error", [InternalError(), ActionTimeout(), Unavailable(), TooManyRequests()]
    )
    @pytest.mark.parametrize(
        ("retries", "longest"), [(0, 10), (1, 20), (3, 80), (4, 100), (5000, 100)]
    )
    def test_they_double_up_to_the_longest_and_spread_out(self, error, retries, longest):
        delays = [retry_delay(self.RULE, error, retries) for _ in range(200)]
        assert all(longest / 2 <= delay <= longest for delay in delays)
        assert max(delays) - min(delays) > longest / 4

    @pytest.mark.parametrize(
        ("told", "least"), [("60", 60), ("5000", 100), ("0", 5), ("soon", 5), ("²", 5), ("", 5)]
    )
    def test_who_says_when_to_try_again_is_heeded(self, told, least):
        error = TooManyRequests(headers={"Retry-After": told})
        delays = [retry_delay(self.RULE, error, 0) for _ in range(50)]
        assert least <= min(delays)
        assert max(delays) <= max(10, least)

    def test_one_that_is_still_under_way_elsewhere_is_asked_for_soon_and_is_not_counted(self):
        delays = [retry_delay(self.RULE, StillUnderWay(), 7) for _ in range(50)]
        assert 2.5 <= min(delays) <= max(delays) <= 7.5
        assert not counts_as_retry(StillUnderWay())

    def test_none_is_none(self):
        assert retry_delay(Background(min_backoff=0, max_backoff=0), InternalError(), 3) == 0


class TestTries:
    def test_a_failing_job_is_tried_so_often_and_no_more(self, background_app, caplog):
        attempts = []

        @action(background=Background(min_backoff=0, max_retries=3, keep_result=60))
        def fail() -> None:
            attempts.append(current_job().attempt)
            raise RuntimeError("the disk is full")

        background_app(fail)
        with pytest.raises(ProblemError) as caught:
            result(enqueue(fail))
        assert caught.value.status == 500
        assert attempts == [1, 2, 3, 4]
        assert caplog.text.count("and is tried again in") == 3
        assert caplog.text.count("failed for good") == 1
        assert "the disk is full" not in caught.value.detail

    def test_one_that_is_put_off_has_not_failed(self, background_app, caplog):
        caplog.set_level("INFO", "servey.jobs")

        @action(background=Background(max_retries=0, keep_result=60))
        def wait_a_moment() -> str:
            if not seen:
                seen.append(1)
                raise Postponed("It is busy.", 0.01)
            return "done"

        seen = []
        background_app(wait_a_moment)
        assert result(enqueue(wait_a_moment)) == "done"
        [told] = [one for one in caplog.records if "is tried again in" in one.message]
        assert (told.levelname, "has to wait" in told.message) == ("INFO", True)

    def test_the_order_may_say_how_often(self, background_app):
        attempts = []

        @action(background=AT_ONCE)
        def fail() -> None:
            attempts.append(1)
            raise RuntimeError

        background_app(fail)
        with pytest.raises(ProblemError):
            result(enqueue.using(max_retries=1)(fail))
        assert len(attempts) == 2

    def test_one_that_succeeds_at_last_has_succeeded(self, background_app):
        @action(background=AT_ONCE)
        async def third_time_lucky() -> int:
            if (attempt := current_job().attempt) < 3:
                raise Unavailable
            return attempt

        background_app(third_time_lucky)
        assert result(enqueue(third_time_lucky)) == 3

    def test_a_problem_of_the_callers_is_final(self, background_app):
        attempts = []

        @action(background=AT_ONCE)
        def refuse() -> None:
            attempts.append(1)
            raise NotFound("No cake.")

        background_app(refuse)
        with pytest.raises(ProblemError, match="No cake"):
            result(enqueue(refuse))
        assert len(attempts) == 1

    def test_a_result_of_another_type_is_a_failure(self, background_app):
        @action
        def lie() -> int:
            return "five"  # type: ignore[return-value]

        runtime = background_app(lie)
        with pytest.raises(InternalError):
            run_now(runtime, "lie")

    def test_a_job_that_was_cancelled_by_what_it_waits_for_has_failed(self, background_app):
        @action(background=Background(max_retries=0, keep_result=60))
        async def wait_for_another() -> None:
            other = asyncio.create_task(asyncio.sleep(3600))
            asyncio.get_running_loop().call_soon(other.cancel)
            await other

        background_app(wait_for_another)
        with pytest.raises(ProblemError) as caught:
            result(enqueue(wait_for_another))
        assert caught.value.status == 500


class TestTimeLimits:
    def test_a_coroutine_is_cancelled(self, background_app):
        cancelled = threading.Event()

        @action(background=Background(time_limit=0.01, max_retries=0, keep_result=60))
        async def hang() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.set()

        background_app(hang)
        with pytest.raises(ProblemError, match=r"longer than 0\.01 s") as caught:
            result(enqueue(hang))
        assert (caught.value.status, caught.value.type) == (504, ActionTimeout.type)
        assert cancelled.wait(PATIENCE)

    def test_a_thread_is_given_up_and_said_to_be_stuck(self, background_app, caplog):
        begun, go = threading.Event(), threading.Event()

        @action(background=Background(time_limit=0.05, max_retries=0, keep_result=60))
        def block() -> None:
            begun.set()
            assert go.wait(PATIENCE)

        background_app(block)
        while not begun.is_set():  # on a busy machine the time may be up before a thread is there
            with pytest.raises(ProblemError, match=r"longer than 0\.05 s"):
                result(enqueue(block))
        go.set()
        assert "was given up and still holds a thread" in caplog.text

    @pytest.mark.parametrize(("timeout", "limit"), [(0.001, 60), (None, None), (0.001, 59.5)])
    def test_it_stands_instead_of_the_actions_own(self, background_app, timeout, limit):
        if timeout is None:
            timeout = 60

        @action(timeout=timeout, background=Background(time_limit=limit))
        async def rest() -> str:
            await asyncio.sleep(0.02)
            return "rested"

        runtime = background_app(rest)
        assert run_now(runtime, "rest").value == "rested"

    def test_a_shorter_one_stands_too(self, background_app):
        @action(timeout=60, background=Background(time_limit=0.01))
        async def hang() -> None:
            await asyncio.Event().wait()

        with pytest.raises(ActionTimeout, match=r"longer than 0\.01 s"):
            run_now(background_app(hang), "hang")

    def test_the_actions_own_counts_where_there_is_none(self, background_app):
        @action(timeout=0.01)
        async def hang() -> None:
            await asyncio.Event().wait()

        with pytest.raises(ActionTimeout, match=r"longer than 0\.01 s"):
            run_now(background_app(hang), "hang")

    def test_a_stream_has_it_as_a_whole(self, background_app):
        @action(timeout=60, background=Background(time_limit=0.02))
        async def drip() -> AsyncIterator[int]:
            while True:
                await asyncio.sleep(0.005)
                yield 1

        with pytest.raises(ActionTimeout):
            run_now(background_app(drip), "drip")

    def test_a_timeout_of_what_the_action_calls_is_its_own_failure(self, background_app):
        @action(background=Background(time_limit=60))
        async def call() -> None:
            raise TimeoutError("the other side")

        with pytest.raises(InternalError):
            run_now(background_app(call), "call")


class TestKeys:
    def test_a_key_is_run_once_and_gives_what_it_gave(self, background_app):
        ran = []

        @action(background=AT_ONCE)
        def pay(amount: int) -> int:
            ran.append(amount)
            return len(ran)

        runtime = background_app(pay)
        tries = [run_now(runtime, "pay", b'{"amount":5}', idempotency_key="a") for _ in range(3)]
        assert [one.value for one in tries] == [1, 1, 1]
        assert [one.replayed for one in tries] == [False, True, True]
        assert run_now(runtime, "pay", b'{"amount":5}', idempotency_key="b").value == 2
        with pytest.raises(IdempotencyKeyReused):
            run_now(runtime, "pay", b'{"amount":6}', idempotency_key="a")
        assert ran == [5, 5]

    def test_tries_at_once_are_one(self, background_app):
        ran, go = [], threading.Event()

        @action(background=AT_ONCE)
        def pay() -> int:
            ran.append(1)
            assert go.wait(PATIENCE)
            return len(ran)

        runtime = background_app(pay)

        async def scenario():
            def one():
                context = Context(surface="job", idempotency_key="a")
                invoker, job = runtime.invoker("pay"), RunningJob("1")
                return run_job(invoker, b"{}", context, job, lambda: runtime.state)

            first = asyncio.create_task(one())
            async with asyncio.timeout(PATIENCE):
                while not ran:  # noqa: ASYNC110 - it is another thread's
                    await asyncio.sleep(0.001)
            with pytest.raises(StillUnderWay):
                await one()
            go.set()
            return (await first).value

        assert asyncio.run(scenario()) == 1
        assert ran == [1]

    def test_a_problem_is_kept_and_a_failure_is_not(self, background_app):
        ran = []

        @action
        def pay(problem: bool) -> None:
            ran.append(problem)
            raise NotFound("No account.") if problem else RuntimeError("the line is down")

        runtime = background_app(pay)
        for text, kinds in (
            (b'{"problem":true}', [NotFound, ReplayedProblem]),
            (b'{"problem":false}', [InternalError, InternalError]),
        ):
            for kind in kinds:
                with pytest.raises(kind):
                    run_now(runtime, "pay", text, idempotency_key=text.hex())
        assert ran == [True, False, False]

    def test_another_surface_knows_the_keys_of_an_action_that_has_some(self, background_app):
        ran = []

        @action(idempotency=Idempotency(), background=AT_ONCE)
        def pay(amount: int) -> int:
            ran.append(amount)
            return len(ran)

        runtime = background_app(pay)
        invoker = runtime.invoker("pay")

        async def as_rest():
            context = Context(surface="rest", idempotency_key="a")
            read = invoker.signature.from_json
            return (await invoker.invoke(read, b'{ "amount": 5 }', context)).value

        assert asyncio.run(as_rest()) == 1
        assert result(enqueue.using(idempotency_key="a")(pay, 5)) == 1
        assert ran == [5]

    def test_a_job_that_has_run_is_not_run_again_when_it_is_sent_again(self, background_app):
        ran = []

        @action(background=AT_ONCE)
        async def pay() -> int:
            ran.append(1)
            return len(ran)

        background_app(pay)
        send = enqueue.using(idempotency_key="invoice 7")
        assert [result(send(pay)) for _ in range(3)] == [1, 1, 1]
        assert ran == [1]


class TestCurrentJob:
    def test_there_is_none_outside_of_one(self, background_app):
        @action
        def look() -> bool:
            return current_job() is None

        runtime = background_app(look)
        invoker = runtime.invoker("look")
        context = Context(surface="test")
        outcome = asyncio.run(invoker.invoke(invoker.signature.from_json, b"{}", context))
        assert outcome.value
        assert current_job() is None

    def test_coroutines_threads_and_what_they_call_see_it(self, background_app):
        seen = []

        @action
        def inner() -> None:
            seen.append(current_job())

        @action(background=AT_ONCE)
        def in_a_thread() -> str:
            inner()
            return current_job().id

        @action(background=AT_ONCE)
        async def in_a_coroutine() -> str:
            inner()
            await asyncio.to_thread(inner)
            await asyncio.create_task(asyncio.sleep(0))
            return current_job().id

        background_app(inner, in_a_thread, in_a_coroutine)
        for function, times in ((in_a_thread, 1), (in_a_coroutine, 2)):
            job = enqueue(function)
            assert result(job) == job.id
            assert [one.id for one in seen] == [job.id] * times
            seen.clear()

    def test_jobs_at_once_are_each_their_own(self, background_app):
        barrier = threading.Barrier(8)

        @action(background=AT_ONCE)
        def meet() -> str:
            barrier.wait(PATIENCE)
            return current_job().id

        background_app(meet)
        jobs = [enqueue(meet) for _ in range(8)]
        assert [result(job) for job in jobs] == [job.id for job in jobs]

    def test_a_job_that_is_sent_by_a_job_is_its_own(self, background_app):
        @action(background=AT_ONCE)
        def leaf() -> str:
            return current_job().id

        @action(background=AT_ONCE)
        async def root() -> list[str]:
            job = enqueue(leaf)
            return [current_job().id, job.id, await job.result(PATIENCE)]

        background_app(leaf, root)
        job = enqueue(root)
        mine, its, seen = result(job)
        assert mine == job.id
        assert seen == its != mine

    def test_a_thread_that_was_given_up_knows_its_own_try(self, background_app):
        go, told = threading.Event(), []

        @action(background=Background(time_limit=0.05, min_backoff=0, max_retries=1, keep_result=9))
        def block() -> int:
            job = current_job()
            if job.attempt == 1:
                assert go.wait(PATIENCE)
                told.append(job.attempt)
            return job.attempt

        runtime = background_app(block)
        assert result(enqueue(block)) == 2
        go.set()
        runtime.pool.close(PATIENCE)
        assert told == [1]
