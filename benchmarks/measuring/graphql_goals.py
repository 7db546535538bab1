"""What is to be reached by GraphQL, and whether it was."""

from collections.abc import Iterable

from peers import SERVEY
from peers.graphql import ARIADNE, ARIADNE_CACHED
from peers.graphql.contract import ASYNC, BATCHED, FIRST, FLAT, PLAIN, SYNC, WAITING, Case

from measuring.figures import Key, Samples
from measuring.goals import Goal, judged

NO_SLOWER = 0.95
"""What counts as no slower: the noise of a run is some hundredths."""


def goals(in_process: Samples, loopback: Samples) -> Iterable[Goal]:
    """The goals, each judged by the least median of what it is about.

    Args:
        in_process: CPU time of a request.
        loopback: Requests per second.
    """
    for where, samples in (("CPU", in_process), ("loopback", loopback)):
        yield _quicker(f"{where}: flat 40 x Ariadne", samples, [FLAT], 40)
        yield _quicker(
            f"{where}: flat 3 x Ariadne and its caches", samples, [FLAT], 3, ARIADNE_CACHED
        )
        yield _quicker(f"{where}: 100 items 20 x, plain and sync", samples, [PLAIN, SYNC], 20)
        yield _quicker(f"{where}: 100 items 8 x, async and batched", samples, [ASYNC, BATCHED], 8)
        yield _quicker(f"{where}: 100 items 8 x, async that waits", samples, [WAITING], 8)
        yield _quicker(f"{where}: first seen no slower than Ariadne", samples, [FIRST], NO_SLOWER)


def _quicker(
    text: str, samples: Samples, cases: Iterable[Case], least: float, than: str = ARIADNE
) -> Goal:
    pairs = [(case.name, Key(case.name, 1, SERVEY), Key(case.name, 1, than)) for case in cases]
    return judged(text, least, samples, pairs)
