"""CPU time of a request without a server: the application is called as a server would call it."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

from peers import Application, Peer
from peers.contract import CASES, Case

from measuring.figures import CPU, Key, Samples
from measuring.requests import check, prepared, running

SLICE_SECONDS = 0.02
"""How long each application is measured in one round, about."""

_BATCH = 50
"""How many requests there are at a time: what an application keeps in a scope stays until then."""


async def measure_in_process(
    peers: Mapping[str, Peer], cases: Sequence[str], actions: Sequence[int], rounds: int
) -> Samples:
    """Measure all applications, in every round each once, in an order that changes."""
    samples = Samples(CPU)
    async with AsyncExitStack() as stack:
        apps: dict[Key, Application] = {}
        calls: dict[Key, int] = {}
        for key in [Key(case, n, peer) for case in cases for n in actions for peer in peers]:
            case = CASES[key.case]
            app = apps[key] = peers[key.peer].make(key.case, case.paths(key.actions))
            await stack.enter_async_context(running(app))
            await check(key.peer, app, case)
            calls[key] = await _calls(app, case)
        for _ in range(rounds):
            for name in random.sample(list(cases), len(cases)):
                # The variants of a case stay together: that is what the ratios compare.
                keys = [key for key in apps if key.case == name]
                for key in random.sample(keys, len(keys)):
                    samples.add(key, await cpu_of_each(apps[key], CASES[name], calls[key]))
    return samples


async def cpu_of_each(app: Application, case: Case, calls: int) -> float:
    """CPU time of one request after the other, in µs a request; making them is not counted."""
    spent = 0.0
    for _ in range(0, calls, _BATCH):
        exchanges = prepared(case, _BATCH)
        begun = time.process_time()
        for scope, receive, send in exchanges:
            await app(scope, receive, send)
        await asyncio.sleep(0)  # what was scheduled meanwhile belongs to it
        spent += time.process_time() - begun
    return spent / (-(-calls // _BATCH) * _BATCH) * 1e6


async def _calls(app: Application, case: Case) -> int:
    """How many calls make a slice."""
    await cpu_of_each(app, case, _BATCH)
    each = await cpu_of_each(app, case, _BATCH)
    return max(_BATCH, int(SLICE_SECONDS * 1e6 / each))
