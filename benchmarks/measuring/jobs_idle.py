"""How long a job waits for a worker that has nothing else to do."""

import random
import time
from collections.abc import Mapping
from contextlib import ExitStack

from peers.jobs import JobPeer

from measuring.jobs_figures import Measured
from measuring.jobs_servers import Servers
from measuring.jobs_sessions import Session, session

APART = 0.31
"""How many seconds lie between two jobs: no whole part of what any library polls at."""


def measure_idle(
    contests: Mapping[str, Mapping[str, JobPeer]],
    servers: Servers,
    count: int,
    measured: Measured,
) -> None:
    """Measure all libraries of a broker side by side, each with one job now and then.

    Args:
        contests: The libraries of each broker.
        servers: The brokers.
        count: How many jobs each gets.
        measured: Where to keep what is found.
    """
    for broker, peers in contests.items():
        with ExitStack() as stack:
            ready: dict[str, Session] = {}
            for name, peer in peers.items():
                if peer.worker:
                    one = ready[name] = stack.enter_context(session(peer, broker, servers))
                    one.start()
                    one.warm_up()
            for name, latencies in _side_by_side(ready, count).items():
                measured.idle.add((broker, name), latencies)


def _side_by_side(sessions: Mapping[str, Session], count: int) -> dict[str, list[float]]:
    numbers = {name: one.numbers(count) for name, one in sessions.items()}
    for name in random.sample(list(sessions), len(sessions)):
        sessions[name].client.begin(numbers[name], apart=APART)
        time.sleep(APART / len(sessions))
    for name, one in sessions.items():
        one.client.enqueued()
        one.wait(numbers[name])
    return {name: one.notes.latencies(numbers[name]) for name, one in sessions.items()}
