"""What it costs to give each event to many websockets: Servey, and what others write.

    python benchmarks/fanout.py [--quick] [--clients 1000] [--peers "servey;python-socketio"]

It takes about ten minutes; `--quick` takes less than three.

Everything is measured in one run: all servers run, each in a process of its own with its clients
connected, and every round measures them in turn, in an order that changes. A ratio is of two
figures of the same round: its median is given, and the span from the 10th to the 90th percentile.
All are served by uvicorn with uvloop, `websockets` and no compression; Servey with every protection
of its web host, and a history. Events are published within the process of the server, one or fifty
for each request that asks for them, so what such a request costs is part of the figures.

The figure is the CPU time of the server for a message that is delivered, which other work on the
machine changes less than all else. Messages per second and latencies are of this machine as it is,
with server and clients on the same cores. A latency is the time from when an event was to be
published, all of a burst at once, to when one of fifty clients reads it. The limit writes a frame
to each transport for each event; whatever puts several in one write is beyond it where events come
at once.

Then one worker process of `servey serve`, and two, over a Redis, with a publisher beside them.
Where the cores are fewer than the processes that are busy, the clock cannot tell what two would do:
the other figure is of messages for a second of CPU time of the busier process. It can be compared
where events come one at a time. Where they come at once, a process that is busier finds more of
them together in the log, and puts more into one write: two that are less busy spend more on each.
"""

import argparse
import resource
import signal
import sys
from dataclasses import dataclass

from measuring.command import heading, installed
from measuring.fanout_figures import LOADS, Measured
from measuring.fanout_goals import goals
from measuring.fanout_nodes import Nodes, measure_nodes, missing
from measuring.fanout_rates import measure_rates
from measuring.fanout_tables import memory_table, nodes_table, table
from peers import SERVEY
from peers.fanout import FANOUT_PEERS

THOROUGH, QUICK = 5, 1
"""How many rounds."""

_NAMED = (
    *("uvicorn", "websockets", "uvloop", "starlette", "fastapi", "litestar"),
    *("broadcaster", "python-socketio", "redis"),
)


@dataclass(frozen=True)
class Options:
    """What to measure."""

    rounds: int
    clients: int
    peers: list[str]
    no_workers: bool


def main(options: Options) -> None:
    """Measure, and print the figures."""
    print(heading(_NAMED))
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    peers = list(installed({name: FANOUT_PEERS[name] for name in options.peers}))
    measured = Measured()
    measure_rates(peers, LOADS, options.rounds, options.clients, measured)
    print(f"\n# {options.clients} clients of each server, {options.rounds} rounds")
    for load in LOADS:
        print(f"\n{table(measured, load, peers)}")
    print(f"\n{memory_table(measured)}")
    nodes = _nodes(options)
    print("\n# To be reached\n")
    for goal in goals(measured, nodes):
        print(goal)


def _nodes(options: Options) -> Nodes:
    why = "--no-workers" if options.no_workers else missing()
    if why or SERVEY not in options.peers:
        print(f"\n# Worker processes: not measured ({why or 'no servey'})")
        return Nodes()
    nodes = measure_nodes(LOADS, options.rounds, options.clients)
    print(f"\n# Worker processes over Redis, {options.clients} clients, {options.rounds} rounds\n")
    print(nodes_table(nodes, LOADS))
    return nodes


def _names(text: str) -> list[str]:
    names = [word.strip() for word in text.split(";")]
    if unknown := set(names) - set(FANOUT_PEERS):
        raise argparse.ArgumentTypeError(
            f"there is no {', '.join(unknown)}; there are {'; '.join(FANOUT_PEERS)}"
        )
    return names


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--quick", action="store_true", help="one round; rough figures")
    parser.add_argument("--rounds", type=int, help=f"how often each is measured: {THOROUGH}")
    parser.add_argument("--clients", type=int, default=1000, help="of each server: 1000")
    parser.add_argument("--peers", type=_names, default=list(FANOUT_PEERS), help="names, with ;")
    parser.add_argument("--no-workers", action="store_true", help="no worker processes over Redis")
    given = parser.parse_args()
    rounds = given.rounds or (QUICK if given.quick else THOROUGH)
    return Options(rounds, given.clients, given.peers, given.no_workers)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    main(_options())
