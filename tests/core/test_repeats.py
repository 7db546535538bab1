"""Calls that need not run: results that are kept, and repeats that are told apart by a key."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, computed_field
from waiting import PATIENCE

from servey_core import (
    Action,
    Authorization,
    BadRequest,
    Conflict,
    ContentType,
    Context,
    File,
    Idempotency,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    InternalError,
    Invoker,
    NotFound,
    Outcome,
    PermissionDenied,
    Redirect,
    Response,
    ScopeAccessControl,
    ServerCache,
    StillUnderWay,
    Unauthorized,
)
from servey_core.access import ALLOW_AUTHENTICATED
from servey_core.state.memory import MemoryStore
from servey_core.stored_replies import ReplayedProblem
from servey_core.threads import WorkerPool

ANN, BEN = Authorization("ann"), Authorization("ben")


@dataclass
class Runs:
    """Counts the runs of an action, which may wait."""

    number: int = 0
    running: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    def next(self) -> int:
        self.number += 1
        return self.number


Call = Callable[..., Coroutine[Any, Any, Outcome]]


def calling(function: Callable[..., Any], **options: Any) -> Call:
    """What calls an action made of a function: `await call(authorization, key, **arguments)`."""
    store = MemoryStore()
    pool = WorkerPool(4, 100)
    invoker = Invoker(Action(function, "act", **options), pool, (), lambda: store)

    async def call(
        authorization: Authorization | None = None, key: str | None = None, **arguments: Any
    ) -> Outcome:
        context = Context(authorization, idempotency_key=key)
        return await invoker.invoke(invoker.signature.from_python, arguments, context)

    return call


def cached(function: Callable[..., Any], **options: Any) -> Call:
    return calling(function, server_cache=ServerCache(60), **options)


def repeatable(function: Callable[..., Any], **options: Any) -> Call:
    return calling(function, **{"idempotency": Idempotency(), **options})


def play(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


# Kept results


@pytest.mark.parametrize("kind", ["async", "in a thread", "right away"])
def test_a_result_is_kept_for_the_same_arguments(kind: str) -> None:
    runs = Runs()

    async def act(number: int, words: list[str] | None = None) -> list[int]:
        return [number, runs.next()]

    def act_sync(number: int, words: list[str] | None = None) -> list[int]:
        return [number, runs.next()]

    async def scenario() -> None:
        is_async = kind == "async"
        call = cached(act if is_async else act_sync, sync_to_thread=kind != "right away")
        for _ in range(3):
            assert (await call(number=1)).value == [1, 1]
        assert (await call(number=2)).value == [2, 2]
        assert (await call(number=1, words=["a"])).value == [1, 3]
        assert (await call(number=1, words=["a"])).value == [1, 3]
        assert (await call(number=1)).value == [1, 1]

    play(scenario)


def test_a_public_result_is_kept_for_everybody() -> None:
    runs = Runs()

    async def act() -> int:
        return runs.next()

    async def scenario() -> None:
        call = cached(act)
        assert [(await call(who)).value for who in (None, ANN, BEN)] == [1, 1, 1]

    play(scenario)


def test_a_guarded_result_is_kept_for_each_caller() -> None:
    runs = Runs()

    async def act() -> int:
        return runs.next()

    async def scenario() -> None:
        call = cached(act, access_control=ALLOW_AUTHENTICATED)
        assert [(await call(who)).value for who in (ANN, BEN, ANN, BEN)] == [1, 2, 1, 2]
        with pytest.raises(Unauthorized):
            await call()

    play(scenario)


def test_a_result_that_knows_its_caller_is_kept_for_each() -> None:
    async def act(authorization: Authorization | None) -> str | None:
        return authorization and authorization.subject

    async def scenario() -> None:
        call = cached(act)
        assert [(await call(who)).value for who in (ANN, None, BEN, ANN)] == [
            "ann",
            None,
            "ben",
            "ann",
        ]

    play(scenario)


def test_access_is_decided_on_every_call() -> None:
    async def act() -> int:
        return 1

    async def scenario() -> None:
        call = cached(act, access_control=ScopeAccessControl("read"))
        await call(Authorization("ann", frozenset({"read"})))
        with pytest.raises(PermissionDenied):
            await call(ANN)

    play(scenario)


@pytest.mark.parametrize("is_async", [True, False])
def test_calls_at_once_share_one_run(is_async: bool) -> None:
    runs, go = Runs(), threading.Event()

    async def act() -> int:
        runs.running.set()
        await runs.may_end.wait()
        return runs.next()

    def act_sync() -> int:
        number = runs.next()
        assert go.wait(PATIENCE)
        return number

    async def scenario() -> None:
        call = cached(act if is_async else act_sync)
        calls = [asyncio.ensure_future(call()) for _ in range(64)]
        if is_async:
            await runs.running.wait()
            runs.may_end.set()
        go.set()
        assert {(await one).value for one in calls} == {1}
        assert runs.number == 1

    play(scenario)


@pytest.mark.parametrize("error", [NotFound("no"), RuntimeError("canary")])
def test_what_fails_is_not_kept(error: Exception) -> None:
    runs = Runs()

    async def act() -> int:
        if runs.next() == 1:
            raise error
        return runs.number

    async def scenario() -> None:
        call = cached(act)
        with pytest.raises(NotFound if isinstance(error, NotFound) else InternalError):
            await call()
        assert [(await call()).value for _ in range(2)] == [2, 2]

    play(scenario)


def test_a_kept_result_stays_as_it_was_written() -> None:
    rows = ["a"]

    async def act() -> list[str]:
        return rows

    async def scenario() -> None:
        call = cached(act)
        assert (await call()).to_json() == b'["a"]'
        rows.append("b")
        assert (await call()).to_json() == b'["a"]'

    play(scenario)


def test_headers_are_kept_and_cookies_are_the_first_callers() -> None:
    async def act(response: Response) -> int:
        response.status = 203
        response.headers["X-Made"] = "once"
        response.set_cookie("session", "secret")
        return 1

    async def scenario() -> None:
        call = cached(act)
        first, second, third = [(await call()).response for _ in range(3)]
        assert first is not None
        assert len(first.cookies) == 1
        assert second == third == Response(203, {"X-Made": "once"}, [])

    play(scenario)


def test_calls_at_once_do_not_share_a_cookie() -> None:
    runs = Runs()

    async def act(response: Response) -> int:
        runs.running.set()
        await runs.may_end.wait()
        response.set_cookie("session", "secret")
        return 1

    async def scenario() -> None:
        call = cached(act)
        calls = [asyncio.ensure_future(call()) for _ in range(8)]
        await runs.running.wait()
        runs.may_end.set()
        given = [(await one).response for one in calls]
        assert sum(len(one.cookies) for one in given if one) == 1

    play(scenario)


def test_a_kept_file_outlives_the_upload_that_it_was(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"abc")
    upload = path.open("rb")

    async def act() -> File:
        return File(upload, filename="a.txt")

    async def scenario() -> None:
        call = cached(act)
        (await call()).value.apart().close()
        again = (await call()).value
        assert (again.content(), again.filename, again.content_type) == (
            b"abc",
            "a.txt",
            "text/plain",
        )
        assert upload.closed

    play(scenario)


# Repeats


class Strict(BaseModel):
    """A result that cannot be read again from what was written."""

    model_config = ConfigDict(extra="forbid")

    number: int

    @computed_field
    @property
    def twice(self) -> int:
        return 2 * self.number


def test_a_repeat_is_given_what_the_first_call_was() -> None:
    runs = Runs()

    async def act(number: int, response: Response) -> list[int]:
        response.status = 201
        response.headers["Location"] = f"/{number}"
        response.set_cookie("session", "secret")
        return [number, runs.next()]

    async def scenario() -> None:
        call = repeatable(act)
        first, again = await call(key="a", number=5), await call(key="a", number=5)
        assert (first.replayed, again.replayed) == (False, True)
        assert first.to_json() == again.to_json() == b"[5,1]"
        assert first.response == again.response
        assert (await call(key="b", number=5)).value == [5, 2]
        assert [(await call(number=5)).value for _ in range(2)] == [[5, 3], [5, 4]]

    play(scenario)


def test_a_key_is_one_callers_and_one_calls() -> None:
    runs = Runs()

    async def act(number: int = 0) -> int:
        return runs.next()

    async def scenario() -> None:
        call = repeatable(act)
        assert [(await call(who, "a")).value for who in (ANN, BEN, None, ANN, BEN, None)] == [
            1,
            2,
            3,
            1,
            2,
            3,
        ]
        with pytest.raises(IdempotencyKeyReused):
            await call(ANN, "a", number=1)

    play(scenario)


def test_of_many_calls_at_once_one_runs() -> None:
    runs = Runs()

    async def act() -> int:
        number = runs.next()
        runs.running.set()
        await runs.may_end.wait()
        return number

    async def scenario() -> None:
        call = repeatable(act)
        first = asyncio.ensure_future(call(key="a"))
        await runs.running.wait()
        others = await asyncio.gather(*(call(key="a") for _ in range(63)), return_exceptions=True)
        assert {type(one) for one in others} == {StillUnderWay}
        runs.may_end.set()
        assert (await first).value == (await call(key="a")).value == runs.number == 1

    play(scenario)


@pytest.mark.parametrize(
    ("annotation", "value"),
    [
        (None, None),
        (Strict, Strict(number=5)),
        (bytes, b"\xff\x00"),
        (Annotated[str, ContentType("text/csv")], "é\n"),
        (Redirect, Redirect("/x", 307)),
        (Redirect | int, 5),
    ],
)
def test_any_result_can_be_given_again(annotation: Any, value: Any) -> None:
    runs = Runs()

    async def act() -> Any:
        runs.next()
        return value

    act.__annotations__["return"] = annotation

    async def scenario() -> None:
        call = repeatable(act)
        first, again = await call(key="a"), await call(key="a")
        assert runs.number == 1
        assert again.to_json() == first.to_json()
        if annotation is not Strict:
            assert again.value == value

    play(scenario)


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_file_can_be_given_again(on_disk: bool, tmp_path: Path) -> None:
    path = tmp_path / "é.bin"
    path.write_bytes(b"\xff\x00")

    async def act() -> File:
        return File.at(path) if on_disk else File.of(b"\xff\x00", filename="é.bin")

    async def scenario() -> None:
        call = repeatable(act)
        await call(key="a")
        path.unlink()
        again = (await call(key="a")).value
        assert (again.content(), again.filename) == (b"\xff\x00", "é.bin")

    play(scenario)


def test_a_problem_is_given_again_and_a_failure_is_not() -> None:
    runs = Runs()

    async def act(fail: bool) -> int:
        if runs.next() and fail:
            raise RuntimeError("canary")
        raise Conflict("Sold out.", left=0)

    async def scenario() -> None:
        call = repeatable(act)
        with pytest.raises(Conflict):
            await call(key="a", fail=False)
        with pytest.raises(ReplayedProblem, match=r"Sold out\.") as caught:
            await call(key="a", fail=False)
        assert (caught.value.status, caught.value.extensions) == (409, {"left": 0})
        assert runs.number == 1
        for _ in range(2):
            with pytest.raises(InternalError):
                await call(key="b", fail=True)
        assert runs.number == 3

    play(scenario)


def test_a_required_key_is_required() -> None:
    async def act() -> int:
        return 1

    async def scenario() -> None:
        call = repeatable(act, idempotency=Idempotency(required=True))
        with pytest.raises(IdempotencyKeyMissing):
            await call()
        with pytest.raises(BadRequest):
            await call(key="")
        assert (await call(key="a")).value == 1

    play(scenario)


def test_nobody_who_may_not_call_is_given_what_somebody_else_was() -> None:
    async def act() -> int:
        return 1

    async def scenario() -> None:
        call = repeatable(act, access_control=ALLOW_AUTHENTICATED)
        await call(ANN, "a")
        with pytest.raises(Unauthorized):
            await call(None, "a")

    play(scenario)
