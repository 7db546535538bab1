"""CPU time of a request without a server: the application is called as a server would call it."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack

from peers import Application

from measuring.cases import Case
from measuring.figures import CPU, Key, Samples
from measuring.requests import check, prepared, running

SLICE_SECONDS = 0.02
"""How long each application is measured in one round, about."""

_BATCH = 50
"""How many requests there are at a time: what an application keeps in a scope stays until then."""
_LEAST = 10
"""How many requests there are in a slice at least."""


async def measure_in_process(
    cases: Mapping[str, Case],
    keys: Sequence[Key],
    make: Callable[[Key], Application],
    rounds: int,
) -> Samples:
    """Measure all applications, in every round each once, in an order that changes.

    Args:
        cases: The kinds of request, by their names.
        keys: What to measure.
        make: Makes the application for each.
        rounds: How often.
    """
    samples = Samples(CPU)
    async with AsyncExitStack() as stack:
        apps: dict[Key, Application] = {}
        calls: dict[Key, int] = {}
        for key in keys:
            case = cases[key.case]
            app = apps[key] = make(key)
            await stack.enter_async_context(running(app))
            await check(key.peer, app, case)
            calls[key] = await _calls(app, case)
        for _ in range(rounds):
            for name in random.sample(list(cases), len(cases)):
                # The variants of a case stay together: that is what the ratios compare.
                variants = [key for key in apps if key.case == name]
                for key in random.sample(variants, len(variants)):
                    samples.add(key, await _cpu_of_each(apps[key], cases[name], calls[key]))
    return samples


async def _cpu_of_each(app: Application, case: Case, calls: int) -> float:
    """CPU time of one request after the other, in µs a request; making them is not counted."""
    spent = 0.0
    batch = min(calls, _BATCH)
    for _ in range(0, calls, batch):
        exchanges = prepared(case, batch)
        begun = time.process_time()
        for scope, receive, send in exchanges:
            await app(scope, receive, send)
        await asyncio.sleep(0)  # what was scheduled meanwhile belongs to it
        spent += time.process_time() - begun
    return spent / (-(-calls // batch) * batch) * 1e6


async def _calls(app: Application, case: Case) -> int:
    """How many calls make a slice."""
    await _cpu_of_each(app, case, _LEAST)
    each = await _cpu_of_each(app, case, _LEAST)
    return max(_LEAST, int(SLICE_SECONDS * 1e6 / each))
