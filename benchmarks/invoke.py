"""What the invoke path costs, beside a bare call with the same pydantic validation.

    python benchmarks/invoke.py [--rounds 30] [--calls 5000]

Every round measures each variant once, in an order that changes; the figures are CPU time. A ratio
is a variant's time over the bare call's of the same kind in the same round, given as the median
and the span of the middle half of the rounds.
"""

import argparse
import asyncio
import inspect
import json
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from servey_core import (
    Authorization,
    Context,
    Invoker,
    ScopeAccessControl,
    action,
    action_of,
)
from servey_core.threads import WorkerPool

BODY = b'{"name": "World", "times": 3}'
ROOT = Authorization("root", frozenset({"root"}))

Variant = Callable[[], Awaitable[bytes]]


class Greeting(TypedDict):
    """The same arguments, for the bare call."""

    name: str
    times: int


def greet(name: str, times: int) -> str:
    """Greet."""
    return f"Hello {name}!" * times


async def greet_async(name: str, times: int) -> str:
    """Greet, later."""
    return f"Hello {name}!" * times


def bare(function: Callable[..., Any]) -> Variant:
    """Validate, call and serialise, with pydantic's own methods and nothing else."""
    read = TypeAdapter(Greeting).validator.validate_json
    write = TypeAdapter(str).serializer.to_json

    async def call() -> bytes:
        result = function(**read(BODY, strict=True))
        return write(await result if inspect.isawaitable(result) else result)

    return call


def bare_in_thread(function: Callable[..., Any]) -> Variant:
    """The same in a thread of asyncio's own pool."""
    inner = bare(function)

    async def call() -> bytes:
        return await asyncio.to_thread(lambda: _step(inner()))

    return call


def _step(coroutine: Any) -> bytes:
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    raise RuntimeError("it waits")


def invoked(function: Callable[..., Any], pool: WorkerPool, **options: Any) -> Variant:
    """The same through an `Invoker`."""
    copy = type(greet)(
        function.__code__, function.__globals__, function.__name__, None, function.__closure__
    )
    copy.__annotations__ = function.__annotations__
    made = action_of(action(**options)(copy))
    assert made is not None
    invoker = Invoker(made, pool)
    read = invoker.signature.from_json

    async def call() -> bytes:
        return (await invoker.invoke(read, BODY, Context(ROOT))).to_json()

    return call


async def measure(variant: Variant, calls: int, concurrency: int) -> float:
    """CPU time a call, in microseconds."""

    async def work() -> None:
        for _ in range(calls // concurrency):
            await variant()

    begun = time.process_time()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return (time.process_time() - begun) / calls * 1e6


def variants(pool: WorkerPool) -> dict[str, tuple[Variant, int, str]]:
    """Every variant: what it is, how many at once, and what it is compared with."""
    guard = ScopeAccessControl("root")
    return {
        "bare call, async": (bare(greet_async), 1, "bare call, async"),
        "invoker, async": (invoked(greet_async, pool), 1, "bare call, async"),
        "invoker, async, guarded": (
            invoked(greet_async, pool, access_control=guard),
            1,
            "bare call, async",
        ),
        "invoker, async, timeout": (
            invoked(greet_async, pool, timeout=10),
            1,
            "bare call, async",
        ),
        "bare call, sync": (bare(greet), 1, "bare call, sync"),
        "invoker, sync_to_thread=False": (
            invoked(greet, pool, sync_to_thread=False),
            1,
            "bare call, sync",
        ),
        "asyncio.to_thread, 64 at once": (
            bare_in_thread(greet),
            64,
            "asyncio.to_thread, 64 at once",
        ),
        "invoker, in a thread, 64 at once": (
            invoked(greet, pool),
            64,
            "asyncio.to_thread, 64 at once",
        ),
    }


async def main(rounds: int, calls: int) -> None:
    """Measure, and print the figures."""
    pool = WorkerPool(32, 1000)
    every = variants(pool)
    results = {await one() for one, _, _ in every.values()}
    assert results == {json.dumps(greet("World", 3)).encode()}, results
    times: dict[str, list[float]] = {name: [] for name in every}
    for _ in range(rounds):
        for name in random.sample(list(every), len(every)):
            variant, concurrency, _ = every[name]
            times[name].append(await measure(variant, calls, concurrency))
    print(f"{'variant':36}{'µs CPU':>8}{'ratio':>8}   middle half")
    for name, (_, _, against) in every.items():
        ratios = [mine / other for mine, other in zip(times[name], times[against], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        print(
            f"{name:36}{statistics.median(times[name]):8.2f}{middle:8.2f}   {low:.2f} to {high:.2f}"
        )
    pool.close(1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--calls", type=int, default=5000)
    options = parser.parse_args()
    asyncio.run(main(options.rounds, options.calls))
