"""What a GraphQL request costs: Servey, and the servers that interpret documents.

    python benchmarks/graphql.py [--quick] [--no-loopback] [--cases flat,plain]

It takes some five minutes; `--quick` takes two.

Everything is measured in one run, whole HTTP requests. Every round measures each application for a
moment, in an order that changes, and a ratio is of two times of the same round: its median is
given, and the span from the 10th to the 90th percentile. In process the figures are CPU time, over
loopback requests per second of wrk. `x Ariadne` above 1 is quicker than Ariadne as it comes, which
parses and validates each document anew; `x Ariadne, its caches` is against the two caches that it
offers.

The applications have the same schema, each as its library's documents advise (see
`peers.graphql`), and must give the same data. Servey is protected as in production: ids, security
headers with HSTS, the check of the host, limits of size, time, concurrency, depth and cost, no
introspection, and it checks what its actions give. graphql-core has a bare ASGI application around
it, and no protection at all.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

import uvloop
from measuring.command import case_names, heading, installed
from measuring.figures import RATE, Key, Samples
from measuring.graphql_goals import goals
from measuring.in_process import measure_in_process
from measuring.loopback import Words, measure_loopback, missing
from measuring.tables import table_of_ratios
from peers import Application
from peers.graphql import ARIADNE, ARIADNE_CACHED, GRAPHQL_PEERS
from peers.graphql.contract import CASES

THOROUGH = 20, 4
QUICK = 5, 2
"""How many rounds in process, and over loopback."""
CONNECTIONS = 8
"""So few, that a hundred requests of the slowest are no wave that ends with the measuring."""

_NAMED = ("ariadne", "graphql-core", "strawberry-graphql", "aiodataloader", "orjson", "uvicorn")


@dataclass(frozen=True)
class Options:
    """What to measure."""

    rounds: tuple[int, int]
    cases: list[str]
    no_loopback: bool


def main(options: Options) -> None:
    """Measure, and print the figures."""
    print(heading(_NAMED))
    peers = list(installed(GRAPHQL_PEERS))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        in_process = _in_process(runner, peers, options)
    loopback = _loopback(peers, options)
    print("\n# To be reached\n")
    for goal in goals(in_process, loopback):
        print(goal)


def _in_process(runner: asyncio.Runner, peers: Iterable[str], options: Options) -> Samples:
    keys, rounds = _keys(options.cases, peers), options.rounds[0]
    samples = runner.run(measure_in_process(CASES, keys, _application, rounds))
    print(f"\n# In process, CPU time of a request, {rounds} rounds")
    _print_tables(samples, options.cases)
    return samples


def _loopback(peers: Iterable[str], options: Options) -> Samples:
    why = "--no-loopback" if options.no_loopback else missing()
    if why:
        print(f"\n# Over loopback: not measured ({why})")
        return Samples(RATE)
    keys, rounds = _keys(options.cases, peers), options.rounds[1]
    samples = measure_loopback(CASES, keys, _words, rounds, CONNECTIONS)
    print(f"\n# Over loopback, wrk with {CONNECTIONS} connections, no access logs, {rounds} rounds")
    _print_tables(samples, options.cases)
    return samples


def _keys(cases: Iterable[str], peers: Iterable[str]) -> list[Key]:
    return [Key(case, 1, peer) for case, peer in product(cases, peers)]


def _application(key: Key) -> Application:
    return GRAPHQL_PEERS[key.peer].make()


def _words(key: Key) -> Words:
    return "graphql", key.peer


def _print_tables(samples: Samples, cases: Iterable[str]) -> None:
    baselines = [ARIADNE, ARIADNE_CACHED]
    for case in cases:
        print(
            f"\n{table_of_ratios(samples, case, CASES[case].title, list(GRAPHQL_PEERS), baselines)}"
        )


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rounds", type=int, help="how often each is measured in process: 20")
    parser.add_argument(
        "--cases", type=case_names(CASES), default=list(CASES), help=",".join(CASES)
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds; rough figures")
    parser.add_argument("--no-loopback", action="store_true", help="in process only")
    given = parser.parse_args()
    in_process, over_loopback = QUICK if given.quick else THOROUGH
    rounds = given.rounds or in_process, over_loopback
    return Options(rounds, given.cases, given.no_loopback)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    main(_options())
