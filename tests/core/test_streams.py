"""Streams: items one by one where a surface takes them so, and a list elsewhere."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from waiting import PATIENCE

from servey_core import (
    Action,
    ActionError,
    ActionTimeout,
    Conflict,
    ContentType,
    Context,
    Example,
    Idempotency,
    InternalError,
    InvalidInput,
    Invoker,
    Middleware,
    Outcome,
    Response,
    ServerCache,
    SignatureError,
    Unauthorized,
    action,
    action_of,
    start,
)
from servey_core.access import ALLOW_AUTHENTICATED
from servey_core.streams import collected, in_time
from servey_core.testing import ExampleRunner, cases_of
from servey_core.threads import WorkerPool

closed: list[str] = []


@dataclass
class Tick:
    number: int


@action(
    examples=(
        Example("three", {"count": 3}, [Tick(0), Tick(1), Tick(2)]),
        Example("none", {"count": 0}, []),
        Example("wrong", {"count": "x"}, raises=InvalidInput),
    )
)
async def ticks(count: int = 2) -> AsyncIterator[Tick]:
    """Count."""
    try:
        for number in range(count):
            yield Tick(number)
    finally:
        closed.append("ticks")


@action(examples=Example("rows", result="a,b\n1,2\n"))
async def rows() -> AsyncIterator[Annotated[str, ContentType("text/csv")]]:
    """Give a text in pieces."""
    yield "a,b\n"
    yield "1,2\n"


@action(examples=Example("bytes", result=b"\xff\x00"))
async def octets() -> AsyncIterator[bytes]:
    """Give bytes in pieces."""
    yield b"\xff"
    yield b"\x00"


@action(examples=Example("late", raises=Conflict))
async def conflicting() -> AsyncIterator[int]:
    """Fail in the midst."""
    yield 1
    raise Conflict("There is no more.")


class UnforeseenError(Exception): ...


@action
async def failing() -> AsyncIterator[int]:
    yield 1
    raise UnforeseenError("canary")


@action
async def wrong() -> AsyncIterator[int]:
    try:
        yield 1
        yield "two"  # type: ignore[misc]
    finally:
        closed.append("wrong")


@action(timeout=0.01)
async def endless() -> AsyncIterator[int]:
    try:
        yield 1
        await asyncio.Event().wait()
    finally:
        closed.append("endless")


@action(access_control=ALLOW_AUTHENTICATED)
async def guarded() -> AsyncIterator[int]:
    yield 1


ACTIONS = [ticks, rows, octets, conflicting, failing, wrong, endless, guarded]


@pytest.fixture(autouse=True)
def nothing_is_closed_yet() -> None:
    closed.clear()


def play(scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), PATIENCE))


def invoker(function: Any, *middleware: Middleware) -> Invoker:
    known = action_of(function)
    assert known is not None
    return Invoker(known, WorkerPool(1, 1), middleware)


async def called(
    function: Any, text: bytes = b"{}", *middleware: Middleware, streams: bool = True
) -> Outcome:
    made = invoker(function, *middleware)
    context = Context(streams=streams)
    return await made.invoke(made.signature.from_json, text, context)


async def items(function: Any, text: bytes = b"{}") -> list[bytes]:
    outcome = await called(function, text)
    write = invoker(function).signature.item_to_json
    return [item async for item in outcome.items(write)]


def test_items_leave_one_by_one() -> None:
    async def scenario() -> None:
        assert await items(ticks) == [b'{"number":0}', b'{"number":1}']
        assert closed == ["ticks"]

    play(scenario)


def test_nothing_runs_before_the_first_item_is_asked_for() -> None:
    async def scenario() -> None:
        outcome = await called(failing)
        await outcome.value.aclose()

    play(scenario)


def test_who_takes_no_stream_is_given_a_list() -> None:
    async def scenario() -> None:
        outcome = await called(ticks, streams=False)
        assert outcome.value == [Tick(0), Tick(1)]
        assert outcome.to_json() == b'[{"number":0},{"number":1}]'
        assert (await called(rows, streams=False)).to_json() == b'"a,b\\n1,2\\n"'

    play(scenario)


def test_a_list_is_closed_where_it_fails() -> None:
    async def scenario() -> None:
        with pytest.raises(Conflict):
            await called(conflicting, streams=False)
        with pytest.raises(InternalError):
            await called(failing, streams=False)
        outcome = await called(wrong, streams=False)
        with pytest.raises(InternalError):
            outcome.to_json()
        assert closed == ["wrong"]

    play(scenario)


def test_access_and_arguments_are_looked_at_before_any_item() -> None:
    async def scenario() -> None:
        with pytest.raises(Unauthorized):
            await called(guarded)
        with pytest.raises(InvalidInput):
            await called(ticks, b'{"count":"x"}')

    play(scenario)


@pytest.mark.parametrize(
    ("function", "raised"),
    [(conflicting, Conflict), (failing, InternalError), (wrong, InternalError)],
)
def test_what_fails_after_an_item_raises_a_problem(
    function: Any, raised: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario() -> None:
        listening = (await called(function)).items(invoker(function).signature.item_to_json)
        assert await anext(listening) == b"1"
        with pytest.raises(raised):
            await anext(listening)

    play(scenario)
    logged = [record for record in caplog.records if record.name == "servey.invoke"]
    assert bool(logged) == (raised is InternalError)


def test_who_stops_listening_closes_the_stream() -> None:
    async def scenario() -> None:
        outcome = await called(ticks)
        listening = outcome.items(invoker(ticks).signature.item_to_json)
        assert await anext(listening) == b'{"number":0}'
        await listening.aclose()
        assert closed == ["ticks"]

    play(scenario)


@pytest.mark.parametrize("streams", [True, False])
def test_a_stream_ends_with_its_time(streams: bool) -> None:
    async def scenario() -> None:
        with pytest.raises(ActionTimeout, match=r"longer than 0\.01 s"):
            await collected((await called(endless, streams=streams)).items(bytes))
        assert closed == ["endless"]

    play(scenario)


def test_a_timeout_of_the_streams_own_is_its_own() -> None:
    async def own() -> AsyncIterator[int]:
        yield 1
        raise TimeoutError("the database")

    async def scenario() -> None:
        timed: Any = in_time(own(), PATIENCE)  # type: ignore[arg-type]
        with pytest.raises(TimeoutError, match="the database"):
            await collected(timed)

    play(scenario)


def test_middleware_is_around_the_start_of_a_stream() -> None:
    seen = []

    def wrap(call: Any) -> Any:
        async def wrapped(arguments: Any, context: Context) -> Any:
            seen.append(arguments)
            return await call(arguments, context)

        return wrapped

    async def scenario() -> None:
        outcome = await called(ticks, b'{"count":1}', Middleware("seeing", wrap))
        assert [item async for item in outcome.items(lambda _: b"x")] == [b"x"]

    play(scenario)
    assert seen == [{"count": 1}]


@pytest.mark.parametrize(
    "kept", [{"server_cache": ServerCache(60)}, {"idempotency": Idempotency()}]
)
def test_a_stream_cannot_be_kept(kept: dict[str, Any]) -> None:
    with pytest.raises(ActionError, match="a stream cannot be kept"):

        @action(**kept)
        async def stream() -> AsyncIterator[int]:
            yield 1


def test_a_stream_says_that_it_is_one() -> None:
    async def stream() -> list[int]:  # type: ignore[misc]
        yield 1

    with pytest.raises(SignatureError, match="annotate it AsyncIterator"):
        Invoker(Action(stream, "stream"), WorkerPool(1, 1))


def test_a_stream_may_add_to_its_response() -> None:
    async def stream(response: Response) -> AsyncIterator[int]:
        response.status = 202
        yield 1

    async def scenario() -> None:
        made = Invoker(Action(stream, "stream"), WorkerPool(1, 1))
        outcome = await made.invoke(made.signature.from_json, b"{}", Context(streams=True))
        assert outcome.response is not None
        assert outcome.response.status is None
        await anext(outcome.items(bytes))
        assert outcome.response.status == 202
        await outcome.value.aclose()

    play(scenario)


@pytest.fixture(scope="module")
def runtime() -> Any:
    actions = [found for one in ACTIONS if (found := action_of(one)) is not None]
    return start(actions=actions, given={"state": "memory:"})


def test_examples_of_streams_hold_as_lists(runtime: Any) -> None:
    cases = [case for case in cases_of(runtime) if case.surface.name in ("function", "cli")]
    assert {case.action.name for case in cases} == {"ticks", "rows", "octets", "conflicting"}
    with ExampleRunner(runtime) as runner:
        for case in cases:
            runner.run(case)
