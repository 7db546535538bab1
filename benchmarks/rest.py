"""What a REST request costs: Servey, what would be written by hand, and other frameworks.

    python benchmarks/rest.py [--quick] [--no-loopback] [--cases get,post] [--actions 1,200]

It takes a quarter of an hour, most of it over loopback; `--quick` takes three minutes.

Everything is measured in one run. Every round measures each application for a moment, in an order
that changes, and a ratio is of two times of the same round: its median is given, and the span from
the 10th to the 90th percentile. In process the figures are CPU time, over loopback requests per
second of wrk. `x FastAPI` above 1 is quicker than FastAPI with `async def` endpoints.

The applications do the same, each as its framework's documents advise (see `peers`), and must give
the same JSON. Servey is protected as in production: ids, security headers with HSTS, the check of
the host, limits of size, time and concurrency, the strictness of its input. FastAPI in process
writes no access log, so Servey is compared without one; its cost is a line of its own.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import uvloop
from measuring.at_once import AT_ONCE, measure_at_once
from measuring.command import case_names, heading, installed
from measuring.figures import RATE, Key, Samples
from measuring.in_process import measure_in_process
from measuring.loopback import Words, measure_loopback, missing
from measuring.rest_goals import goals
from measuring.tables import table
from peers import FASTAPI_DEF, PEERS, SERVEY_LOG, SYNC_PEERS, Application, Peer
from peers.contract import BLOCK_SECONDS, BLOCKING, CASES, GET

THOROUGH = 20, [1, 50, 200]
QUICK = 5, [1, 200]
"""How many rounds in process, and the counts of actions."""
CONNECTIONS = 64
LOOPBACK_ROUNDS = 4
"""A round over loopback takes so much longer that there are fewer of them, by this."""

_NAMED = ("fastapi", "starlette", "pydantic", "litestar", "msgspec", "blacksheep", "uvicorn")


@dataclass(frozen=True)
class Options:
    """What to measure."""

    rounds: int
    cases: list[str]
    actions: list[int]
    quick: bool
    no_loopback: bool


def main(options: Options) -> None:
    """Measure, and print the figures."""
    print(heading(_NAMED))
    peers = installed(PEERS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        in_process = _in_process(runner, peers, options)
        at_once = _at_once(runner, options.rounds)
    loopback = _loopback(peers, options)
    print("\n# To be reached\n")
    for goal in goals(in_process, at_once, loopback):
        print(goal)


def _in_process(runner: asyncio.Runner, peers: dict[str, Peer], options: Options) -> Samples:
    keys = _keys(options.cases, options.actions, peers)
    samples = runner.run(measure_in_process(CASES, keys, _application, options.rounds))
    print(f"\n# In process, CPU time of a request, {options.rounds} rounds")
    print(f"# (no application logs its requests, but {SERVEY_LOG!r} does)")
    _print_tables(samples, options.cases)
    return samples


def _at_once(runner: asyncio.Runner, rounds: int) -> tuple[Samples, Samples]:
    cpu, pauses = runner.run(measure_at_once(SYNC_PEERS, rounds))
    print(f"\n# Sync functions in process, {AT_ONCE} requests at once, CPU time of a request\n")
    print(table(cpu, GET.name, GET.title, list(SYNC_PEERS), FASTAPI_DEF))
    print(f"\nThe event loop's longest pause, while each blocks for {BLOCK_SECONDS * 1e3:.0f} ms")
    for name in SYNC_PEERS:
        print(f"  {name:28}{pauses.median(Key(BLOCKING.name, 1, name)):>10.1f} ms")
    return cpu, pauses


def _loopback(peers: dict[str, Peer], options: Options) -> Samples:
    why = "--no-loopback" if options.no_loopback else missing()
    if why:
        print(f"\n# Over loopback: not measured ({why})")
        return Samples(RATE)
    servers = [name for name in peers if name not in (FASTAPI_DEF, SERVEY_LOG)]
    actions = options.actions[:1] if options.quick else options.actions
    rounds = max(2, options.rounds // LOOPBACK_ROUNDS)
    keys = _keys(options.cases, actions, servers)
    samples = measure_loopback(CASES, keys, _words, rounds, CONNECTIONS)
    print(f"\n# Over loopback, wrk with {CONNECTIONS} connections, no access logs, {rounds} rounds")
    _print_tables(samples, options.cases)
    return samples


def _keys(cases: Iterable[str], actions: Iterable[int], peers: Iterable[str]) -> list[Key]:
    return [Key(*one) for one in product(cases, actions, peers)]


def _application(key: Key) -> Application:
    return PEERS[key.peer].make(key.case, CASES[key.case].paths(key.actions))


def _words(key: Key) -> Words:
    return "rest", key.peer, key.case, str(key.actions)


def _print_tables(samples: Samples, cases: Sequence[str]) -> None:
    for case in cases:
        print(f"\n{table(samples, case, CASES[case].title, list(PEERS))}")


def _counts(text: str) -> list[int]:
    return sorted({int(word) for word in text.split(",")})


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rounds", type=int, help="how often each is measured in process: 20")
    parser.add_argument(
        "--cases", type=case_names(CASES), default=list(CASES), help=",".join(CASES)
    )
    parser.add_argument("--actions", type=_counts, help="how many are registered: 1,50,200")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; rough figures")
    parser.add_argument("--no-loopback", action="store_true", help="in process only")
    given = parser.parse_args()
    rounds, actions = QUICK if given.quick else THOROUGH
    return Options(
        given.rounds or rounds,
        given.cases,
        given.actions or actions,
        given.quick,
        given.no_loopback,
    )


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    main(_options())
