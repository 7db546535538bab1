"""Jobs per second, enqueued and run; and how long each waits for a worker that is busy."""

import random
import sys
from collections.abc import Mapping

from peers import SERVEY
from peers.jobs import JobPeer

from measuring.jobs_figures import (
    BOTH,
    ENQUEUED,
    IN_BATCHES,
    RUN,
    RUN_BY_TWO,
    Measured,
    Sizes,
    Where,
    key,
)
from measuring.jobs_servers import Servers
from measuring.jobs_sessions import JobsLostError, Session, session

BATCH = 1000
"""How many jobs are enqueued in a step, where they are."""
_BUSY_APART = 1 / 200
_FIRST = 100
"""How many jobs are enqueued before those that are measured, where no worker is warmed up."""


def measure_rates(
    contests: Mapping[str, Mapping[str, JobPeer]],
    servers: Servers,
    sizes: Sizes,
    measured: Measured,
) -> None:
    """Measure all libraries on their brokers, in every round each once, in an order that changes.

    Args:
        contests: The libraries of each broker.
        servers: The brokers.
        sizes: How much.
        measured: Where to keep what is found.
    """
    for number in range(1, sizes.rounds + 1):
        for broker in random.sample(list(contests), len(contests)):
            peers = contests[broker]
            for name in random.sample(list(peers), len(peers)):
                print(f"round {number}: {name} on {broker}", file=sys.stderr)
                turn = _Turn((broker, name), peers[name], servers, sizes, measured)
                turn.take()


class _Turn:
    """One library's turn in a round."""

    def __init__(
        self, where: Where, peer: JobPeer, servers: Servers, sizes: Sizes, measured: Measured
    ) -> None:
        self._where = where
        self._peer = peer
        self._servers = servers
        self._jobs = sizes.jobs // peer.share
        self._busy = sizes.busy
        self._measured = measured

    def take(self) -> None:
        """Measure all that there is to measure."""
        if not self._peer.worker:
            self._only_enqueue()
            return
        self._with_one_process()
        self._with_two_processes()

    def _only_enqueue(self) -> None:
        with session(self._peer, self._where[0], self._servers) as none:
            none.client.enqueue(none.numbers(_FIRST))
            self._fill(none, ENQUEUED)

    def _with_one_process(self) -> None:
        with session(self._peer, self._where[0], self._servers) as one:
            one.start()
            one.warm_up()
            if not self._peer.only_run:
                self._keep_busy(one)
                self._enqueue_and_run(one)
            one.halt()
            step = BATCH if self._peer.only_run else 0
            self._run(one, self._fill(one, ENQUEUED, step), RUN)

    def _with_two_processes(self) -> None:
        with session(self._peer, self._where[0], self._servers, processes=2) as two:
            two.start()
            two.warm_up()
            two.halt()
            step = BATCH if self._peer.batches else 0
            self._run(two, self._fill(two, IN_BATCHES, step), RUN_BY_TWO)

    def _keep_busy(self, one: Session) -> None:
        numbers = one.numbers(self._busy)
        one.client.enqueue(numbers, apart=_BUSY_APART)
        one.wait(numbers)
        self._measured.busy.add(self._where, one.notes.latencies(numbers))

    def _enqueue_and_run(self, one: Session) -> None:
        numbers = one.numbers(self._jobs // 2)  # it takes as long as both that follow
        begun = one.client.enqueue(numbers).begun
        self._ran(one, numbers, BOTH, begun)

    def _fill(self, one: Session, what: str, step: int = 0) -> range:
        """Enqueue jobs; what took how long is kept where they were enqueued in that way."""
        numbers = one.numbers(self._jobs)
        took = one.client.enqueue(numbers, step=step).seconds
        if not self._peer.only_run and bool(step) is (what == IN_BATCHES):
            self._keep(what, numbers, took)
        return numbers

    def _run(self, one: Session, numbers: range, what: str) -> None:
        self._ran(one, numbers, what, one.go_on())

    def _ran(self, one: Session, numbers: range, what: str, begun: float) -> None:
        try:
            one.wait(numbers)
        except JobsLostError as error:
            if self._where[1].startswith(SERVEY):
                raise
            self._measured.lost[self._where] += error.count
        self._keep(what, numbers, one.notes.last_start(numbers) - begun)
        one.settle()
        self._measured.repeated[self._where] += one.notes.repeated(numbers)

    def _keep(self, what: str, numbers: range, seconds: float) -> None:
        self._measured.rates.add(key(self._where, what), len(numbers) / seconds)
