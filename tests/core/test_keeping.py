"""Results that are kept on the server."""

import asyncio
import contextvars
import gc
import math
import random
import weakref
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting import PATIENCE

from servey_core import ServerCache
from servey_core.keeping import KeptResults

caller: contextvars.ContextVar[str] = contextvars.ContextVar("caller")


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Maker:
    """Makes numbered results, each when it is let go."""

    made: list[Hashable] = field(default_factory=list)
    cancelled: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    failure: Exception | None = None

    def of(self, key: Hashable) -> Callable[[], Awaitable[str]]:
        async def make() -> str:
            self.made.append(key)
            self.started.set()
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
            if self.failure is not None:
                raise self.failure
            return f"{key} {len(self.made)}"

        return make


def ready() -> Maker:
    maker = Maker()
    maker.go.set()
    return maker


def kept(ttl: float = 60, max_entries: int = 10, clock: Clock | None = None) -> KeptResults[Any]:
    return KeptResults(ServerCache(ttl, max_entries), clock or Clock())


async def settle() -> None:
    """Let every task get as far as it can."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_a_result_is_made_once_for_each_key() -> None:
    async def scenario() -> None:
        maker, results = ready(), kept()
        first = [await results.get(key, maker.of(key)) for key in ("a", "b")]
        again = [await results.get(key, maker.of(key)) for key in ("a", "b")]
        assert first == again == ["a 1", "b 2"]
        assert maker.made == ["a", "b"]

    asyncio.run(scenario())


def test_nothing_is_a_result_too() -> None:
    async def scenario() -> None:
        results, calls = kept(), []

        async def make() -> None:
            calls.append(1)

        assert [await results.get("a", make) for _ in range(2)] == [None, None]
        assert len(calls) == 1

    asyncio.run(scenario())


def test_a_result_ends_when_its_time_is_up_even_if_it_is_asked_for() -> None:
    async def scenario() -> None:
        clock = Clock()
        maker, results = ready(), kept(ttl=60, clock=clock)
        for seconds in (0, 30, 29.9, 0.1, 59.9):
            clock.now += seconds
            await results.get("a", maker.of(clock.now))
        assert maker.made == [1000.0, 1060.0]

    asyncio.run(scenario())


def test_its_time_starts_when_it_is_there() -> None:
    async def scenario() -> None:
        clock = Clock()
        maker, results = Maker(), kept(ttl=60, clock=clock)
        waiting = asyncio.ensure_future(results.get("a", maker.of("a")))
        await maker.started.wait()
        clock.now += 100
        maker.go.set()
        await waiting
        clock.now += 59
        assert await results.get("a", maker.of("a")) == "a 1"

    asyncio.run(scenario())


@given(st.lists(st.integers(0, 8), max_size=80), st.integers(1, 6))
def test_who_was_not_asked_for_the_longest_goes_first(keys: list[int], most: int) -> None:
    """Against a model of a few lines."""

    async def scenario() -> list[Hashable]:
        maker, results = ready(), kept(max_entries=most)
        for key in keys:
            await results.get(key, maker.of(key))
        return maker.made

    model: OrderedDict[int, None] = OrderedDict()
    expected = []
    for key in keys:
        if key not in model:
            expected.append(key)
        model[key] = None
        model.move_to_end(key)
        if len(model) > most:
            model.popitem(last=False)
    assert asyncio.run(scenario()) == expected


def test_a_result_that_is_made_anew_is_the_newest() -> None:
    async def scenario() -> None:
        clock = Clock()
        maker, results = ready(), kept(ttl=60, max_entries=2, clock=clock)
        await results.get("a", maker.of("a"))
        clock.now += 60
        for key in "baca":
            await results.get(key, maker.of(key))
        assert maker.made == ["a", "b", "a", "c"]

    asyncio.run(scenario())


def test_calls_that_come_while_the_first_runs_share_it() -> None:
    async def scenario() -> None:
        maker, results = Maker(), kept()
        waiting = [asyncio.ensure_future(results.get("a", maker.of("a"))) for _ in range(50)]
        other = asyncio.ensure_future(results.get("b", maker.of("b")))
        await settle()
        maker.go.set()
        assert set(await asyncio.gather(*waiting)) == {"a 2"}
        await other
        assert maker.made == ["a", "b"]

    asyncio.run(scenario())


def test_they_share_a_failure_which_is_not_kept() -> None:
    async def scenario() -> None:
        maker, results = Maker(failure=ValueError("broken")), kept()
        waiting = [asyncio.ensure_future(results.get("a", maker.of("a"))) for _ in range(3)]
        await settle()
        maker.go.set()
        failures = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(one) for one in failures] == ["broken"] * 3
        maker.failure = None
        assert await results.get("a", maker.of("a")) == "a 2"

    asyncio.run(scenario())


def test_a_failure_leaves_what_was_kept_for_others() -> None:
    async def scenario() -> None:
        maker, results = ready(), kept()
        await results.get("a", maker.of("a"))
        maker.failure = ValueError("broken")
        with pytest.raises(ValueError, match="broken"):
            await results.get("b", maker.of("b"))
        assert await results.get("a", maker.of("a")) == "a 1"

    asyncio.run(scenario())


@pytest.mark.parametrize("leaver", [0, 1, 2])
def test_who_is_cancelled_leaves_the_others_their_result(leaver: int) -> None:
    async def scenario() -> None:
        maker, results = Maker(), kept()
        waiting = [asyncio.ensure_future(results.get("a", maker.of("a"))) for _ in range(3)]
        await maker.started.wait()
        waiting.pop(leaver).cancel()
        await settle()
        maker.go.set()
        assert await asyncio.gather(*waiting) == ["a 1"] * 2
        assert maker.cancelled == 0

    asyncio.run(scenario())


def test_a_run_that_nobody_waits_for_any_more_is_cancelled() -> None:
    async def scenario() -> None:
        maker, results = Maker(), kept()
        waiting = [asyncio.ensure_future(results.get("a", maker.of("a"))) for _ in range(2)]
        await maker.started.wait()
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await settle()
        assert maker.cancelled == 1
        maker.go.set()
        assert await results.get("a", maker.of("a")) == "a 2"

    asyncio.run(scenario())


def test_a_run_that_takes_its_time_to_end_is_joined_by_nobody() -> None:
    async def scenario() -> None:
        results = kept()
        started, cleaned = asyncio.Event(), asyncio.Event()

        async def slow_to_end() -> str:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                await asyncio.wait_for(cleaned.wait(), PATIENCE)
            return "never"

        waiting = asyncio.ensure_future(results.get("a", slow_to_end))
        await started.wait()
        waiting.cancel()
        await settle()
        assert await results.get("a", ready().of("a")) == "a 1"
        cleaned.set()
        await settle()
        assert await results.get("a", ready().of("a")) == "a 1"

    asyncio.run(scenario())


def test_who_leaves_before_the_run_has_begun_leaves_nothing_behind() -> None:
    async def scenario() -> None:
        maker, results = ready(), kept()
        waiting = asyncio.ensure_future(results.get("a", maker.of("a")))
        await asyncio.sleep(0)
        waiting.cancel()
        assert await results.get("a", maker.of("a")) == "a 1"
        await settle()
        assert maker.made == ["a"]

    asyncio.run(scenario())


def test_a_run_that_ends_slowly_is_held_until_it_has_ended() -> None:
    async def scenario() -> None:
        results, started, ended = kept(), asyncio.Event(), asyncio.Event()
        pauses: weakref.WeakSet[asyncio.Future[None]] = weakref.WeakSet()

        async def ends_slowly() -> None:
            started.set()
            try:
                await asyncio.Event().wait()
            finally:
                pause = asyncio.get_running_loop().create_future()
                pauses.add(pause)
                await pause
                ended.set()

        waiting = asyncio.ensure_future(results.get("a", ends_slowly))
        await started.wait()
        waiting.cancel()
        await settle()
        del waiting  # it would hold the run too
        gc.collect()
        for pause in pauses:
            pause.set_result(None)
        await settle()
        assert ended.is_set()

    asyncio.run(scenario())


def test_a_run_that_others_cancel_before_it_begins_does_not_block_its_key() -> None:
    async def scenario() -> None:
        maker, results = ready(), kept()
        before = asyncio.all_tasks()
        waiting = asyncio.ensure_future(results.get("a", maker.of("a")))
        await asyncio.sleep(0)
        [run] = asyncio.all_tasks() - before - {waiting}
        run.cancel()
        await asyncio.wait((waiting,))
        assert waiting.cancelled()
        assert await results.get("a", maker.of("a")) == "a 1"

    asyncio.run(scenario())


def test_a_time_limit_of_one_call_is_its_own() -> None:
    async def scenario() -> None:
        maker, results = Maker(), kept()
        patient = asyncio.ensure_future(results.get("a", maker.of("a")))
        await maker.started.wait()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await results.get("a", maker.of("a"))
        maker.go.set()
        assert await patient == "a 1"

    asyncio.run(scenario())


def test_a_function_that_cancels_itself_does_not_block_its_key() -> None:
    async def scenario() -> None:
        results = kept()

        async def cancels() -> str:
            raise asyncio.CancelledError

        waiting = [asyncio.ensure_future(results.get("a", cancels)) for _ in range(2)]
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(one) for one in ended} == {asyncio.CancelledError}
        assert await results.get("a", ready().of("a")) == "a 1"

    asyncio.run(scenario())


def test_it_runs_with_the_context_of_the_first_call_and_leaves_that_as_it_is() -> None:
    async def scenario() -> None:
        results = kept()

        async def make() -> str:
            seen = caller.get()
            caller.set("changed")
            return seen

        async def call(name: str) -> tuple[str, str]:
            caller.set(name)
            return await results.get("a", make), caller.get()

        first, second = await asyncio.gather(call("ann"), call("bob"))
        assert first == ("ann", "ann")
        assert second == ("ann", "bob")

    asyncio.run(scenario())


def test_another_event_loop_finds_what_was_kept_and_waits_for_no_run_of_the_first() -> None:
    results, maker = kept(), ready()
    assert asyncio.run(results.get("a", maker.of("a"))) == "a 1"

    async def give_up() -> None:
        task = asyncio.ensure_future(results.get("b", Maker().of("b")))
        await asyncio.sleep(0)
        assert not task.done()

    asyncio.run(give_up())
    assert asyncio.run(results.get("a", maker.of("a"))) == "a 1"
    assert asyncio.run(asyncio.wait_for(results.get("b", maker.of("b")), PATIENCE)) == "b 2"


def test_a_loop_that_stands_still_holds_up_no_other() -> None:
    results, maker = kept(), ready()
    loop = asyncio.new_event_loop()
    held = Maker()
    waiting = loop.create_task(results.get("a", held.of("a")))
    loop.run_until_complete(held.started.wait())
    assert asyncio.run(asyncio.wait_for(results.get("a", maker.of("a")), PATIENCE)) == "a 1"
    held.go.set()
    assert loop.run_until_complete(waiting) == "a 1"
    loop.close()


def test_many_calls_that_come_and_go_leave_nothing_behind() -> None:
    """Every call ends, with a result or by its own cancellation, and no run stays."""

    async def scenario(chance: random.Random) -> None:
        results = kept(ttl=math.nextafter(0, 1), max_entries=3)  # nothing stays fresh

        async def make() -> int:
            for _ in range(chance.randrange(4)):
                await asyncio.sleep(0)
            if chance.random() < 0.2:
                raise ValueError("broken")
            return 1

        calls = []
        for _ in range(200):
            calls.append(asyncio.ensure_future(results.get(chance.randrange(3), make)))
            if chance.random() < 0.5:
                chance.choice(calls).cancel()
            if chance.random() < 0.5:
                await asyncio.sleep(0)
        ended = await asyncio.gather(*calls, return_exceptions=True)
        assert {type(one) for one in ended} <= {int, ValueError, asyncio.CancelledError}
        await settle()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    for seed in range(20):
        asyncio.run(scenario(random.Random(seed)))


@pytest.mark.parametrize("ttl", [0, -1, math.inf, math.nan, timedelta(0), timedelta(days=-1)])
def test_a_time_that_is_none_is_refused(ttl: Any) -> None:
    with pytest.raises(ValueError, match=r"no time|a number of seconds"):
        ServerCache(ttl)


def test_a_store_has_room_for_something() -> None:
    with pytest.raises(ValueError, match="max_entries"):
        ServerCache(1, max_entries=0)


def test_a_time_may_be_a_timedelta() -> None:
    async def scenario() -> None:
        clock, maker = Clock(), ready()
        results: KeptResults[Any] = KeptResults(ServerCache(timedelta(minutes=1)), clock)
        for _ in range(2):
            await results.get("a", maker.of("a"))
            clock.now += 59
        await results.get("a", maker.of("a"))
        assert len(maker.made) == 2

    asyncio.run(scenario())
