"""What type checkers must see: `@action` leaves the type of what it decorates as it is.

So does `enqueue`: it takes what the function takes, and its job gives what the function returns.

Nothing here is run: mypy and pyright read it, and compare.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, assert_type

from servey_core import (
    ALLOW_ALL,
    WEB_GET,
    Action,
    Authorization,
    BackgroundChannel,
    EventExample,
    Example,
    Job,
    JobStatus,
    Position,
    RunningJob,
    ScopeAccessControl,
    TimestampCacheControl,
    TtlCacheControl,
    WebsocketChannel,
    action,
    action_of,
    aenqueue,
    aenqueue_many,
    background_channel,
    current_job,
    enqueue,
    enqueue_many,
    websocket_channel,
)
from servey_core.enqueueing import Enqueue


@action
def bare(name: str, times: int = 1) -> str:
    return name * times


@action(triggers=WEB_GET)
def with_arguments(name: str, *, loud: bool = False) -> list[str]:
    return [name.upper() if loud else name]


@action(
    name="another",
    description="With everything.",
    triggers=(WEB_GET,),
    access_control=ScopeAccessControl("read") & ALLOW_ALL,
    cache_control=TtlCacheControl(30) & TimestampCacheControl(lambda _: None),
    examples=[Example("one", {"number": 1}, 2)],
    timeout=1.5,
    deprecated=True,
    tags=["numbers"],
)
def with_everything(number: int, authorization: Authorization | None = None) -> int:
    return number + (authorization is None)


@action
async def bare_async(name: str) -> bytes:
    return name.encode()


@action(triggers=(WEB_GET,), timeout=3)
async def async_with_arguments(number: int) -> dict[str, int]:
    return {"number": number}


class Stats:
    @action
    def mean(self, digits: int = 2) -> float:
        return round(1.0, digits)

    @action(triggers=WEB_GET)
    async def median(self) -> float:
        return 1.0


assert_type(bare("a"), str)
assert_type(bare("a", times=2), str)
assert_type(with_arguments("a", loud=True), list[str])
assert_type(with_everything(1), int)
assert_type(Stats().mean(), float)
assert_type(Stats.mean(Stats(), digits=3), float)
assert_type(action_of(bare), Action | None)

bare("a", wrong=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
bare(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
with_arguments("a", True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

as_callable: Callable[[str, int], str] = bare
as_coroutine_function: Callable[[str], Awaitable[bytes]] = bare_async


async def coroutine_functions_stay_what_they_are() -> AsyncIterator[bytes]:
    assert_type(await bare_async("a"), bytes)
    assert_type(await async_with_arguments(1), dict[str, int])
    assert_type(await Stats().median(), float)
    yield await bare_async("a")


@action
async def stream(upto: int) -> AsyncIterator[int]:
    yield upto


assert_type(enqueue(bare, name="a"), Job[str])
assert_type(enqueue(bare, "a", times=2), Job[str])
assert_type(enqueue(bare_async, "a"), Job[bytes])
assert_type(enqueue(with_everything, 1, Authorization("ann")), Job[int])
assert_type(enqueue(Stats().mean, digits=3), Job[float])
assert_type(enqueue(Stats().median), Job[float])
assert_type(enqueue(Stats.mean, Stats(), 3), Job[float])
assert_type(enqueue(stream, upto=3), Job[Any])
assert_type(enqueue_many(bare, [{"name": "a"}]), list[Job[str]])
assert_type(enqueue_many(bare_async, ({"name": name} for name in "ab")), list[Job[bytes]])
assert_type(enqueue.using(delay=60), Enqueue)
assert_type(enqueue.using(delay=timedelta(minutes=1), keep_result=5)(bare, name="a"), Job[str])
assert_type(enqueue.using(at=datetime.now(UTC)).using(priority=1)(bare_async, "a"), Job[bytes])
assert_type(enqueue_many.using(max_retries=0)(bare, []), list[Job[str]])

enqueue(bare, name=1)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
enqueue(bare)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
enqueue(bare_async, nme="a")  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
enqueue(Stats().mean, 1, 2)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
enqueue("bare")  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
enqueue.using(dely=60)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


@action
def on_number(event: int) -> str:
    return str(event)


NUMBERS = background_channel(on_number)
assert_type(NUMBERS, BackgroundChannel[int])
assert_type(NUMBERS.publish(1), Job[Any])

NUMBERS.publish("one")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


NEWS = websocket_channel("news", str, examples=("a", EventExample("b", "b", reaches=(None,))))
assert_type(NEWS, WebsocketChannel[str])
assert_type(NEWS.publish("a"), Position)
assert_type(NEWS.event_examples, tuple[EventExample[str], ...])

NEWS.publish(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def jobs_give_what_their_actions_return() -> None:
    assert_type(await enqueue(bare, name="a").result(), str)
    assert_type(await enqueue(bare_async, name="a").result(timeout=5), bytes)
    assert_type(await (await aenqueue(bare, "a")).result(timedelta(seconds=5)), str)
    assert_type(await aenqueue(bare_async, name="a"), Job[bytes])
    assert_type(await aenqueue.using(idempotency_key="a")(Stats().median), Job[float])
    assert_type(await aenqueue_many(bare_async, [{"name": "a"}]), list[Job[bytes]])
    assert_type(await enqueue(bare, name="a").status(), JobStatus | None)
    assert_type(await enqueue(bare, name="a").cancel(), bool)
    assert_type(await NUMBERS.apublish(1), Job[Any])
    await aenqueue(bare, name=1)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    if job := current_job():
        assert_type(job, RunningJob)
        job.report(1, total=2, note="half")
