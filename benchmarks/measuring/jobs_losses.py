"""What becomes of jobs whose worker is killed again and again."""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from peers.jobs import JobPeer

from measuring.jobs_servers import Servers
from measuring.jobs_sessions import session

JOBS = 4000
KILLS = 3


@dataclass(frozen=True)
class Losses:
    """What became of the jobs.

    Attributes:
        lost: How many did not run.
        repeated: How many ran more than once.
    """

    lost: int
    repeated: int


def measure_losses(peer: JobPeer, broker: str, servers: Servers) -> Losses:
    """Kill a worker three times while it works, each time with all its processes.

    Args:
        peer: Whose worker.
        broker: Where its jobs wait.
        servers: The brokers.
    """
    with session(peer, broker, servers, processes=2) as one:
        one.client.enqueue(one.numbers(1))  # what there is to declare is declared
        numbers = one.numbers(JOBS)
        one.client.enqueue(numbers, step=JOBS if peer.batches else 0)
        for left in _moments():
            one.start()
            one.wait(numbers, most_left=left)
            one.kill()
        one.start()
        lost = 0
        try:
            one.wait(numbers)
        except AssertionError:
            lost = one.notes.waiting(numbers)
        one.settle()
        return Losses(lost, one.notes.repeated(numbers))


def _moments() -> Iterable[int]:
    """How many jobs are left when the worker is killed: some time in each part of the work."""
    part = JOBS // (KILLS + 1)
    return [JOBS - part * kill - random.randrange(part // 2) for kill in range(1, KILLS + 1)]
