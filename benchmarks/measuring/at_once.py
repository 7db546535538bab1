"""Sync functions, 64 requests at once; and whether the event loop went on meanwhile."""

import asyncio
import random
import time
from collections.abc import Awaitable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from peers import Application, Peer
from peers.contract import BLOCKING, GET

from measuring.cases import Case
from measuring.figures import CPU, PAUSE, Key, Samples
from measuring.requests import check, prepared, running

AT_ONCE = 64
_BATCHES = 10
_TICK_SECONDS = 0.001
_PAUSE_ROUNDS = 3
"""One that does block the loop takes seconds each time."""


async def measure_at_once(peers: Mapping[str, Peer], rounds: int) -> tuple[Samples, Samples]:
    """Measure functions that run in threads.

    Returns:
        CPU time of a request, and the longest time that the event loop stood still while functions
        blocked their threads.
    """
    cpu, pauses = Samples(CPU), Samples(PAUSE)
    async with AsyncExitStack() as stack:
        apps: dict[str, tuple[Application, Application]] = {}
        for name, peer in peers.items():
            app, blocking = (peer.make(case.name, case.paths(1)) for case in (GET, BLOCKING))
            for made, case in ((app, GET), (blocking, BLOCKING)):
                await stack.enter_async_context(running(made))
                await check(name, made, case)
            apps[name] = app, blocking
            await _batch(app, GET)  # the threads are started
        for number in range(rounds):
            for name in random.sample(list(apps), len(apps)):
                app, blocking = apps[name]
                cpu.add(Key(GET.name, 1, name), await _cpu_of_each(app))
                if number < _PAUSE_ROUNDS:
                    pause = await _longest_pause(_batch(blocking, BLOCKING))
                    pauses.add(Key(BLOCKING.name, 1, name), pause)
    return cpu, pauses


async def _cpu_of_each(app: Application) -> float:
    spent = 0.0
    for _ in range(_BATCHES):
        exchanges = prepared(GET, AT_ONCE)
        begun = time.process_time()
        await asyncio.gather(*(app(*one) for one in exchanges))
        spent += time.process_time() - begun
    return spent / (AT_ONCE * _BATCHES) * 1e6


async def _batch(app: Application, case: Case) -> None:
    await asyncio.gather(*(app(*one) for one in prepared(case, AT_ONCE)))


async def _longest_pause(work: Awaitable[Any]) -> float:
    """By how many ms a tick came late at the most, until `work` was done."""
    longest, working = 0.0, asyncio.ensure_future(work)
    while not working.done():
        before = time.perf_counter()
        await asyncio.sleep(_TICK_SECONDS)
        longest = max(longest, time.perf_counter() - before - _TICK_SECONDS)
    await working
    return longest * 1e3
