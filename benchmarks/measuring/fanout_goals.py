"""What is to be reached by the fan-out, and whether it was."""

from collections.abc import Iterable, Sequence

from peers import SERVEY
from peers.fanout import FANOUT_PEERS, LIMIT, SEND_JSON

from measuring.fanout_figures import (
    BURSTS,
    BURSTS_LARGE,
    LOADS,
    STEADY,
    STEADY_LARGE,
    Load,
    Measured,
    key,
)
from measuring.fanout_nodes import Nodes, node_key
from measuring.figures import Samples
from measuring.goals import Goal, judged

_STEADY, _BURSTS = (STEADY, STEADY_LARGE), (BURSTS, BURSTS_LARGE)


def goals(measured: Measured, nodes: Nodes) -> Iterable[Goal]:
    """The goals: each is judged by the least median of what it is about.

    Args:
        measured: What was found of servers in one process.
        nodes: And of two processes; empty where not measured.
    """
    yield _beside("one at a time: 2.5 x less CPU than send_json", 2.5, measured, _STEADY, SEND_JSON)
    yield _beside("50 at once: 5 x less CPU than send_json", 5, measured, _BURSTS, SEND_JSON)
    others = [peer for peer in FANOUT_PEERS if peer not in (SERVEY, LIMIT)]
    yield _beside("before every other library", 1, measured, LOADS, *others)
    text = "two workers 1.6 x one"
    yield _of_two(f"{text}, one at a time, by the busier's CPU", nodes.capacities, _STEADY)
    yield _of_two(f"{text}, 50 at once, by the clock", nodes.rates, _BURSTS)


def _beside(
    text: str, least: float, measured: Measured, loads: Sequence[Load], *others: str
) -> Goal:
    pairs = [
        (f"{load.name}, {other}", key(load, SERVEY), key(load, other))
        for load in loads
        for other in others
    ]
    return judged(text, least, measured.cpu, pairs)


def _of_two(text: str, samples: Samples, loads: Sequence[Load]) -> Goal:
    pairs = [(load.name, node_key(load, 2), node_key(load, 1)) for load in loads]
    return judged(text, 1.6, samples, pairs)
