"""Sending actions to the background: what is taken, what is refused, and what comes back."""

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field, SecretStr
from waiting import PATIENCE

from servey_core import (
    ActionError,
    Authorization,
    Background,
    ConfigurationError,
    File,
    Idempotency,
    InvalidInput,
    Job,
    JobFailed,
    JobState,
    NotFound,
    PermissionDenied,
    ProblemError,
    Response,
    ScopeAccessControl,
    Unauthorized,
    UnknownNameError,
    action,
    aenqueue,
    aenqueue_many,
    enqueue,
    enqueue_many,
)
from servey_core.enqueueing import order_job
from servey_core.job_handles import job_of

KEPT = Background(keep_result=60, max_retries=0)


@action(background=KEPT)
def say_hello(name: str, *, loud: bool = False) -> str:
    return f"Hello {name.upper() if loud else name}!"


@action(background=KEPT)
async def double(number: int) -> int:
    return 2 * number


@action(background=KEPT)
def nothing() -> None:
    return None


@action(background=KEPT)
def fail() -> None:
    raise NotFound("There is no cake.", cake="plum")


@action(background=KEPT)
async def count(upto: int) -> AsyncIterator[int]:
    for number in range(upto):
        yield number


@action(background=KEPT)
async def letters(text: str) -> AsyncIterator[bytes]:
    for letter in text:
        yield letter.encode()


@action(background=KEPT)
def size_of(photo: File, response: Response) -> int:
    response.headers["X-Name"] = photo.filename or ""
    return photo.size


@action(background=KEPT, access_control=ScopeAccessControl("mail"))
def send_mail(to: str, sender: Authorization) -> str:
    return f"{sender.subject} to {to}"


@action(background=KEPT)
def who(authorization: Authorization | None = None) -> str | None:
    return authorization.subject if authorization else None


@action(background=KEPT)
def known_caller(caller: Authorization, number: int) -> str:
    return f"{caller.subject} {number}"


@action(background=KEPT)
async def chain(number: int) -> str:
    job = await aenqueue(double, number)
    return job.id


@action(background=KEPT, idempotency=Idempotency(required=True))
def pay(amount: int) -> int:
    PAID.append(amount)
    return len(PAID)


PAID: list[int] = []


@dataclass
class Stats:
    numbers: list[int]

    @action(background=KEPT)
    def plus(self, further: int = 0) -> int:
        return sum(self.numbers) + further


@dataclass
class Weighted(Stats):
    weight: int = 1


@action
def stats() -> Stats:
    return Stats([])


@action
def weighted() -> Weighted:
    return Weighted([])


def result(job: Job[Any]) -> Any:
    return asyncio.run(job.result(PATIENCE))


@pytest.fixture
def runtime(background_app):
    functions = [
        *(say_hello, double, nothing, fail, count, letters, size_of, send_mail, who),
        *(known_caller, chain, pay, stats, weighted),
    ]
    return background_app(*functions)


class TestJobs:
    def test_functions_and_coroutine_functions_run_in_the_background(self, runtime):
        assert result(enqueue(say_hello, name="Al")) == "Hello Al!"
        assert result(enqueue(double, number=4)) == 8

    def test_arguments_may_be_given_by_position(self, runtime):
        assert result(enqueue(say_hello, "Al", loud=True)) == "Hello AL!"
        assert result(enqueue_many(double, [{"number": 3}])[0]) == 6

    def test_a_result_may_be_none(self, runtime):
        assert result(enqueue(nothing)) is None

    def test_a_problem_is_raised_where_the_result_is_waited_for(self, runtime):
        with pytest.raises(ProblemError) as caught:
            result(enqueue(fail))
        shown = (caught.value.status, caught.value.detail, caught.value.extensions)
        assert shown == (404, "There is no cake.", {"cake": "plum"})
        assert caught.value.type == NotFound.type

    def test_a_stream_comes_as_a_whole(self, runtime):
        assert result(enqueue(count, 3)) == [0, 1, 2]
        assert result(enqueue(letters, "abc")) == b"abc"

    def test_files_come_along_and_a_response_goes_nowhere(self, runtime):
        assert result(enqueue(size_of, photo=File.of(b"\xff" * 9, filename="a.png"))) == 9
        assert result(enqueue(size_of, File.of(b"ab"), Response())) == 2

    def test_methods_are_sent_with_their_object(self, runtime):
        assert result(enqueue(Stats([1, 2]).plus)) == 3
        assert result(enqueue(Stats([1, 2]).plus, 4)) == 7
        assert result(enqueue(Stats.plus, Stats([5]), further=1)) == 6
        assert result(enqueue_many(Stats([1]).plus, [{"further": 1}])[0]) == 2

    def test_an_inherited_method_is_that_of_its_objects_class(self, runtime):
        job = enqueue(Weighted([1], 5).plus)
        assert job.action == "weighted_plus"
        assert result(job) == 1
        assert enqueue(Stats([1]).plus).action == "stats_plus"

    def test_jobs_are_sent_from_jobs(self, runtime):
        inner = result(enqueue(chain, 4))

        async def state():
            return await runtime.task_queue.status(inner)

        assert asyncio.run(state()).action == "double"

    def test_jobs_are_sent_from_threads_and_from_a_running_loop(self, runtime):
        jobs = []
        thread = threading.Thread(target=lambda: jobs.append(enqueue(double, 1)))
        thread.start()
        thread.join()

        async def blocking():
            return await enqueue(double, 2).result(PATIENCE)

        assert [result(jobs[0]), asyncio.run(blocking())] == [2, 4]

    def test_many_are_sent_in_one_step(self, runtime):
        jobs = enqueue_many(double, ({"number": number} for number in range(50)))
        assert [result(job) for job in jobs] == [2 * number for number in range(50)]

        async def others():
            jobs = await aenqueue_many(double, [{"number": 7}, {"number": 8}])
            return [await job.result(PATIENCE) for job in jobs]

        assert asyncio.run(others()) == [14, 16]

    def test_of_many_none_is_sent_where_one_cannot_be(self, background_app):
        ran = []

        @action(background=KEPT)
        def note(number: int) -> None:
            ran.append(number)

        background_app(note)
        with pytest.raises(InvalidInput):
            enqueue_many(note, [{"number": 1}, {"number": "many"}])
        result(enqueue(note, 2))
        assert ran == [2]

    def test_a_job_says_what_it_is_without_its_inner_life(self, runtime):
        job = enqueue(double, 1)
        assert repr(job) == f"Job(id={job.id!r}, action='double', kept=True)"


class TestRefusals:
    def test_input_that_does_not_fit(self, runtime):
        with pytest.raises(InvalidInput) as caught:
            enqueue(double, number="many")  # type: ignore[arg-type]
        assert [one.pointer for one in caught.value.errors] == ["#/number"]
        with pytest.raises(InvalidInput):
            enqueue(double)  # type: ignore[call-arg]
        with pytest.raises(InvalidInput):
            enqueue(double, numbr=1)  # type: ignore[call-arg]

    def test_more_arguments_than_there_are(self, runtime):
        with pytest.raises(TypeError, match="double\\(\\) takes 1 arguments, not 2"):
            enqueue(double, 1, 2)  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="'number' twice"):
            enqueue(double, 1, number=2)  # type: ignore[misc]
        with pytest.raises(TypeError, match="takes 1 arguments"):
            enqueue(say_hello, "Al", True)  # type: ignore[misc]

    def test_what_is_no_action_of_the_application(self, runtime):
        @action
        def stranger() -> None: ...

        for function in (stranger, len, TestRefusals.setup_class):
            with pytest.raises(ConfigurationError, match="is no action of this application"):
                enqueue(function)  # type: ignore[arg-type]

    def test_a_job_that_is_ordered_by_an_unknown_name(self, runtime):
        with pytest.raises(UnknownNameError, match="Did you mean 'double'"):
            order_job(runtime, "doubel", {"number": 1})

    def setup_class(self) -> None: ...

    @pytest.mark.parametrize(
        "options",
        [
            {"delay": -1},
            {"keep_result": float("inf")},
            {"max_retries": -1},
            {"idempotency_key": ""},
            {"idempotency_key": "ü"},
            {"idempotency_key": "x" * 256},
            {"at": datetime(2030, 1, 1)},  # noqa: DTZ001 - that is the mistake
            {"delay": 1, "at": datetime(2030, 1, 1, tzinfo=UTC)},
        ],
    )
    def test_options_that_make_no_sense_are_refused_where_they_are_given(self, options):
        with pytest.raises(ValueError, match=next(iter(options)) + "|key|delay or at"):
            enqueue.using(**options)

    def test_one_key_for_many(self, runtime):
        with pytest.raises(ValueError, match="names one job"):
            enqueue_many.using(idempotency_key="a")(double, [{"number": 1}])

    def test_values_that_json_cannot_hold(self, background_app):
        @action
        def take(anything: Any) -> None: ...

        background_app(take)
        for value in ("\ud800", object(), {"a": b"\xff"}):
            with pytest.raises(InvalidInput, match="JSON cannot hold"):
                enqueue(take, value)

    def test_types_that_are_written_otherwise_than_read(self, background_app):
        class Aliased(BaseModel):
            day: date = Field(validation_alias="came", serialization_alias="left")

        @action
        def take(one: Aliased) -> None: ...

        take.__annotations__ = {"one": Aliased, "return": None}
        background_app(action(take))
        with pytest.raises(ActionError, match=r"written otherwise than read. one/came: .*required"):
            enqueue(take, Aliased(came=date(2026, 1, 1)))

    def test_secrets_which_would_arrive_masked(self, background_app):
        @action
        def log_in(password: SecretStr) -> None: ...

        background_app(log_in)
        with pytest.raises(ActionError, match="a secret, which is masked"):
            enqueue(log_in, SecretStr("hush"))

    def test_a_masked_text_is_a_text(self, runtime):
        assert result(enqueue(say_hello, "**********")) == "Hello **********!"


class TestCallers:
    ANN = Authorization("ann", frozenset({"mail"}))

    def test_access_is_decided_when_the_job_is_sent(self, runtime):
        with pytest.raises(Unauthorized):
            enqueue(send_mail, to="ben")  # type: ignore[call-arg]
        with pytest.raises(PermissionDenied):
            enqueue.using(authorization=Authorization("ann"))(send_mail, to="ben")  # type: ignore[call-arg]
        assert result(enqueue.using(authorization=self.ANN)(send_mail, to="ben")) == "ann to ben"  # type: ignore[call-arg]

    def test_a_refusal_says_nothing_of_the_input(self, runtime):
        with pytest.raises(Unauthorized):
            enqueue(send_mail, to=5)  # type: ignore[call-arg, arg-type]

    def test_the_caller_may_be_the_actions_own_argument(self, runtime):
        assert result(enqueue(send_mail, to="ben", sender=self.ANN)) == "ann to ben"
        assert result(enqueue(send_mail, "ben", self.ANN)) == "ann to ben"
        assert result(enqueue(known_caller, self.ANN, 5)) == "ann 5"

    def test_the_argument_wins_over_the_option(self, runtime):
        ben = Authorization("ben")
        assert result(enqueue.using(authorization=self.ANN)(who, ben)) == "ben"
        assert result(enqueue.using(authorization=self.ANN)(who, None)) == "ann"

    def test_nobody_is_nobody(self, runtime):
        assert result(enqueue(who)) is None
        with pytest.raises(Unauthorized, match="Credentials are needed"):
            enqueue(known_caller, number=5)  # type: ignore[call-arg]

    def test_values_from_outside_make_nobody_a_caller(self, runtime):
        values = {"to": "ben", "sender": {"subject": "ann", "scopes": ["mail"]}}
        with pytest.raises(Unauthorized):
            enqueue_many(send_mail, [values])
        with pytest.raises(InvalidInput):
            enqueue_many.using(authorization=self.ANN)(send_mail, [values])

    def test_credentials_that_have_expired_are_refused(self, runtime):
        now = datetime.now(UTC)
        for times in (
            {"expires_at": now - timedelta(seconds=1)},
            {"not_before": now + timedelta(hours=1)},
        ):
            late = Authorization("ann", frozenset({"mail"}), **times)
            with pytest.raises(Unauthorized, match="not in force"):
                enqueue.using(authorization=late)(send_mail, to="ben")  # type: ignore[call-arg]

    def test_credentials_that_expire_meanwhile_do_not_keep_a_job_from_running(self, runtime):
        now = datetime.now(UTC)
        brief = Authorization("ann", frozenset({"mail"}), now, now + timedelta(seconds=1.5))
        later = enqueue.using(authorization=brief, delay=2)
        assert result(later(send_mail, to="ben")) == result(  # type: ignore[call-arg]
            enqueue.using(authorization=self.ANN)(send_mail, to="ben")  # type: ignore[call-arg]
        )

    def test_credentials_that_hold_still_are_what_the_action_sees(self, runtime):
        soon = datetime.now(UTC) + timedelta(minutes=5)
        brief = Authorization("ann", frozenset({"mail"}), expires_at=soon)
        order = order_job(runtime, "send_mail", {"to": "ben"}, authorization=brief)
        assert order.authorization == brief


class TestOptions:
    def test_they_add_up_and_the_last_word_counts(self, runtime):
        at = datetime.now(UTC) + timedelta(hours=1)
        later = enqueue.using(delay=60, max_retries=3)
        assert later.using(at=at)._options.seconds == pytest.approx(3600, abs=5)
        assert later.using(at=at).using(delay=5)._options.seconds == 5
        assert later.using(delay=5)._options.max_retries == 3
        assert enqueue._options.seconds == 0

    def test_a_moment_that_has_passed_is_now(self, runtime):
        job = enqueue.using(at=datetime(2020, 1, 1, tzinfo=UTC))(double, 1)
        assert result(job) == 2

    def test_spans_may_be_timedeltas(self, runtime):
        order = order_job(
            runtime,
            "double",
            {"number": 1},
            delay=timedelta(minutes=1),
            keep_result=timedelta(hours=1),
        )
        assert (order.delay, order.keep_result) == (60, 3600)

    def test_what_is_not_said_is_the_actions_to_say(self, background_app):
        @action(background=Background(priority=3, max_retries=7, keep_result=timedelta(minutes=1)))
        def plain() -> None: ...

        runtime = background_app(plain)
        order = order_job(runtime, "plain", {})
        said = (order.priority, order.max_retries, order.keep_result, order.idempotency_key)
        assert said == (3, 7, 60, None)
        order = order_job(runtime, "plain", {}, priority=0, max_retries=0, keep_result=0)
        assert (order.priority, order.max_retries, order.keep_result) == (0, 0, 0)

    def test_a_key_is_one_job_for_each_action_and_caller(self, runtime):
        def order(action="double", **options):
            values = {"number": 1} if action == "double" else {"name": "Al"}
            return order_job(runtime, action, values, idempotency_key="a", **options).id

        ann = order(authorization=Authorization("ann"))
        ids = [order(), order("say_hello"), ann, order(authorization=Authorization("ben"))]
        assert len(set(ids)) == 4
        assert ann == order(authorization=Authorization("ann", frozenset({"mail"})))
        assert order() == ids[0]

    def test_an_action_that_needs_a_key_has_the_jobs_own(self, runtime):
        order = order_job(runtime, "pay", {"amount": 5})
        assert order.idempotency_key == order.id
        before = len(PAID)
        jobs = [enqueue(pay, 5), enqueue(pay, 5)]
        assert sorted(result(job) for job in jobs) == [before + 1, before + 2]

    def test_the_runtime_may_be_named(self, runtime, background_app):
        @action(background=KEPT)
        def elsewhere() -> str:
            return "elsewhere"

        other = background_app(elsewhere)
        assert result(enqueue.using(runtime=runtime)(double, 3)) == 6
        assert result(enqueue.using(runtime=other)(elsewhere)) == "elsewhere"
        with pytest.raises(ConfigurationError):
            enqueue(double, 3)  # the last one that was started knows nothing of it


class TestResults:
    def test_one_that_is_not_kept_cannot_be_waited_for(self, runtime):
        with pytest.raises(ValueError, match=r"using\(keep_result=3600\)"):
            result(enqueue.using(keep_result=0)(double, 1))

    def test_waiting_has_an_end(self, runtime):
        async def scenario():
            job = await aenqueue.using(delay=3600)(double, 1)
            with pytest.raises(TimeoutError):
                await job.result(0.01)
            with pytest.raises(TimeoutError):
                await job.result(timedelta(milliseconds=10))
            assert (await job.status()).state is JobState.DELAYED
            return await job.cancel()

        assert asyncio.run(scenario())

    def test_a_job_that_was_cancelled_has_none(self, runtime):
        async def scenario():
            job = await aenqueue.using(delay=3600)(double, 1)
            assert await job.cancel()
            with pytest.raises(JobFailed, match="has been cancelled"):
                await job.result(PATIENCE)
            assert not await job.cancel()

        asyncio.run(scenario())

    def test_a_reply_is_as_it_is_kept(self, runtime):
        async def scenario():
            job = await aenqueue(fail)
            return (await job.reply(PATIENCE)).problem, (await enqueue(double, 2).reply()).body

        problem, body = asyncio.run(scenario())
        assert (problem.status, body) == (404, b"4")

    def test_a_result_is_read_as_its_type(self, background_app):
        @action(background=KEPT)
        def tomorrow(day: date) -> Annotated[date, "the next"]:
            return day + timedelta(days=1)

        background_app(tomorrow)
        assert result(enqueue(tomorrow, date(2026, 12, 31))) == date(2027, 1, 1)

    def test_whoever_hands_over_an_order_gets_the_job(self, runtime):
        order = order_job(runtime, "double", {"number": 21})
        runtime.task_queue.put([order])
        assert result(job_of(order, runtime)) == 42
