"""What background jobs cost: Servey, and other libraries, on the same brokers.

    python benchmarks/jobs.py [--quick] [--losses] [--brokers redis,sqlite] [--peers servey,Celery]

It takes a quarter of an hour; `--quick` takes four minutes. On a machine that is not quiet it takes
several times as long, and the figures say nothing.

Everything is measured in one run. Every round measures each library on each of its brokers, in an
order that changes; a ratio is of two figures of the same round: its median is given, and the span
from the 10th to the 90th percentile.

A job does nothing but note that it ran, in memory that all processes share (`peers.jobs.notes`): a
fraction of a microsecond, the same for all, and nothing that a broker would notice. From the notes
come all figures; and that each job ran, without which there is no figure. One process enqueues, and
others work, as each library's documents advise. A process that works has 8 threads or, where jobs
are coroutines, as many at once as is the library's default. It has been started and has run jobs
before anything is measured, and stands still (SIGSTOP) while jobs are enqueued for it to be run:
their time is from when it goes on to when the last one starts. The slowest libraries' figures are
of fewer jobs (`share` in `peers.jobs`).

What is enqueued is on the disk before the call returns, for all alike: the Redis is of our own and
writes each command to its file with an fsync, messages for RabbitMQ are persistent and confirmed,
SQLite writes with an fsync. So who enqueues one by one waits for the disk each time, or for the
broker. Only Servey can enqueue many in one step; others are compared by what they have. No library
keeps results. Huey forgets a job when it is taken: one whose worker dies is lost; the others give
it to another worker. arq and SAQ have environments of their own (`measuring.jobs_environments`).

`--losses` kills Servey's worker, by SIGKILL and with all its processes, three times while it runs
4000 jobs, and counts those that did not run, and those that ran twice.
"""

import argparse
import signal
import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from measuring.command import heading
from measuring.jobs_environments import usable, versions
from measuring.jobs_figures import Measured, Sizes
from measuring.jobs_goals import goals
from measuring.jobs_idle import measure_idle
from measuring.jobs_losses import JOBS, KILLS, measure_losses
from measuring.jobs_rates import measure_rates
from measuring.jobs_servers import Servers, describe, missing, servers
from measuring.jobs_tables import latency_table, rate_tables
from peers import SERVEY
from peers.jobs import BASELINES, BROKERS, JOB_PEERS, JobPeer

THOROUGH = Sizes(rounds=3, jobs=10_000, busy=300, idle=100)
QUICK = Sizes(rounds=1, jobs=2_000, busy=200, idle=20)
DISK = "/var/tmp"
"""Not `/tmp`, which may be in memory."""

_NAMED = ("redis", "pika", "dramatiq", "celery", "taskiq", "taskiq-redis", "taskiq-aio-pika")

Contests = dict[str, dict[str, JobPeer]]
"""The libraries of each broker."""


@dataclass(frozen=True)
class Options:
    """What to measure."""

    sizes: Sizes
    brokers: list[str]
    peers: list[str]
    losses: bool
    folder: str


def main(options: Options) -> None:
    """Measure, and print the figures."""
    contests = _contests(options)
    print(heading(_NAMED))
    peers = {name: peer for known in contests.values() for name, peer in known.items()}
    print(", ".join([*describe(contests), *versions(peers.values())]))
    with (
        tempfile.TemporaryDirectory(prefix="servey-jobs-", dir=options.folder) as folder,
        servers(Path(folder), list(contests)) as places,
    ):
        if options.losses:
            _losses(contests, places)
        else:
            _figures(contests, places, options.sizes)


def _contests(options: Options) -> Contests:
    peers = usable({name: JOB_PEERS[name] for name in options.peers})
    found: Contests = {}
    for broker in options.brokers:
        if why := missing(broker):
            print(f"{broker} is left out: {why}")
        else:
            found[broker] = {name: peer for name, peer in peers.items() if broker in peer.brokers}
    return found


def _figures(contests: Contests, places: Servers, sizes: Sizes) -> None:
    measured = Measured()
    measure_rates(contests, places, sizes, measured)
    measure_idle(contests, places, sizes.idle, measured)
    print(f"\n# Medians of {sizes.rounds} rounds, {sizes.jobs} jobs each")
    latencies = {"busy": measured.busy, "idle": measured.idle}
    for broker, peers in contests.items():
        for table in rate_tables(measured, broker, list(peers), BASELINES[broker]):
            print(f"\n{table}")
        print(f"\n{latency_table(latencies, broker, list(peers))}")
    for (broker, peer), count in measured.repeated.items():
        if count:
            print(f"\n{peer} on {broker} ran {count} jobs more than once")
    for (broker, peer), count in measured.lost.items():
        print(f"\n{peer} on {broker} did not run {count} jobs; its figures are of the others")
    print("\n# To be reached\n")
    for goal in goals(measured):
        print(goal)


def _losses(contests: Contests, places: Servers) -> None:
    print(f"\n# {JOBS} jobs, two processes, killed {KILLS} times\n")
    for broker in contests:
        found = measure_losses(JOB_PEERS[SERVEY], broker, places)
        print(f"  {broker:12}{found.lost} lost, {found.repeated} ran more than once")


def _names(known: Collection[str]) -> Callable[[str], list[str]]:
    def read(text: str) -> list[str]:
        names = [word.strip() for word in text.split(",")]
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(
                f"there is no {', '.join(unknown)}; there are {', '.join(known)}"
            )
        return names

    return read


def _options() -> Options:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--quick", action="store_true", help="fewer jobs; rough figures")
    parser.add_argument("--rounds", type=int, help="how often each is measured: 3")
    parser.add_argument("--brokers", type=_names(BROKERS), default=list(BROKERS))
    parser.add_argument("--peers", type=_names(JOB_PEERS), default=list(JOB_PEERS))
    parser.add_argument("--losses", action="store_true", help="kill workers, and count the jobs")
    parser.add_argument("--folder", default=DISK, help=f"a folder on a real disk: {DISK}")
    given = parser.parse_args()
    sizes = QUICK if given.quick else THOROUGH
    sizes = replace(sizes, rounds=given.rounds or sizes.rounds)
    return Options(sizes, given.brokers, given.peers, given.losses, given.folder)


if __name__ == "__main__":
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    main(_options())
