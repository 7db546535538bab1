"""What a page costs: Servey, what would be written by hand, and other frameworks.

    python benchmarks/pages.py [--quick] [--no-loopback]

It takes a minute; `--quick` takes some twenty seconds.

Everything is measured in one run. Every round measures each application for a moment, in an order
that changes, and a ratio is of two times of the same round: its median is given, and the span from
the 10th to the 90th percentile. In process the figures are CPU time, over loopback requests per
second of wrk. `x FastAPI` above 1 is quicker than FastAPI's `Jinja2Templates` in an `async def`
endpoint.

All render the same two templates, a layout and a page with a loop over five things, by Jinja, and
must give the same page. Servey is protected as in production: ids, security headers with HSTS and
a policy for the page's content, the check of the host, limits of size, time and concurrency, the
strictness of its input. Nobody writes an access log.
"""

import argparse
import asyncio
import sys
from collections.abc import Iterable
from dataclasses import dataclass

import uvloop
from measuring.command import heading, installed
from measuring.figures import RATE, Key, Samples
from measuring.in_process import measure_in_process
from measuring.loopback import Words, measure_loopback, missing
from measuring.pages_goals import goals
from measuring.tables import table_of_ratios
from peers import FASTAPI, Application
from peers.pages import IN_PROCESS_ONLY, LIMIT, PAGE_PEERS
from peers.pages.contract import CASES, PAGE

THOROUGH = 40, 8
QUICK = 10, 2
"""How many rounds in process, and over loopback."""
CONNECTIONS = 64

_NAMED = ("jinja2", "fastapi", "starlette", "flask", "litestar", "uvicorn")


@dataclass(frozen=True)
class Options:
    """What to measure."""

    rounds: tuple[int, int]
    no_loopback: bool


def main(options: Options) -> None:
    """Measure, and print the figures."""
    print(heading(_NAMED))
    peers = list(installed(PAGE_PEERS))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rounds = options.rounds[0]
        in_process = runner.run(measure_in_process(CASES, _keys(peers), _application, rounds))
    print(f"\n# In process, CPU time of a request, {rounds} rounds\n")
    print(_table(in_process))
    loopback = _loopback(peers, options)
    print("\n# To be reached\n")
    for goal in goals(in_process, loopback):
        print(goal)


def _loopback(peers: Iterable[str], options: Options) -> Samples:
    why = "--no-loopback" if options.no_loopback else missing()
    if why:
        print(f"\n# Over loopback: not measured ({why})")
        return Samples(RATE)
    keys, rounds = _keys(one for one in peers if one not in IN_PROCESS_ONLY), options.rounds[1]
    samples = measure_loopback(CASES, keys, _words, rounds, CONNECTIONS)
    print(
        f"\n# Over loopback, wrk with {CONNECTIONS} connections, no access logs, {rounds} rounds\n"
    )
    print(_table(samples))
    return samples


def _keys(peers: Iterable[str]) -> list[Key]:
    return [Key(PAGE.name, 1, peer) for peer in peers]


def _application(key: Key) -> Application:
    return PAGE_PEERS[key.peer].make()


def _words(key: Key) -> Words:
    return "pages", key.peer


def _table(samples: Samples) -> str:
    return table_of_ratios(samples, PAGE.name, PAGE.title, list(PAGE_PEERS), [FASTAPI, LIMIT])


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--rounds", type=int, help=f"how often each is measured: {THOROUGH[0]}")
    parser.add_argument("--quick", action="store_true", help="fewer rounds; rough figures")
    parser.add_argument("--no-loopback", action="store_true", help="in process only")
    given = parser.parse_args()
    in_process, over_loopback = QUICK if given.quick else THOROUGH
    return Options((given.rounds or in_process, over_loopback), given.no_loopback)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    main(_options())
