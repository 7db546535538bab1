"""Measures how servers give events to all their clients, in one process each."""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from peers.fanout import FANOUT_PEERS

from measuring.fanout_figures import Load, Measured, key
from measuring.fanout_processes import Clients, Server, server


@dataclass(frozen=True)
class Contest:
    """A server with its clients."""

    server: Server
    clients: Clients
    count: int


def measure_rates(
    peers: Sequence[str], loads: Sequence[Load], rounds: int, count: int, measured: Measured
) -> None:
    """Measure all servers in turn, in an order that changes with every round.

    Args:
        peers: Whose.
        loads: What is published.
        rounds: How often.
        count: How many clients each has.
        measured: Where the figures go.
    """
    with ExitStack() as stack:
        contests = {}
        for peer in peers:
            contest, memory = _contest(stack, peer, count)
            contests[peer] = contest
            measured.memory[peer] = memory
        for _ in range(rounds):
            for load in loads:
                for peer in random.sample(list(peers), len(peers)):
                    _measure(contests[peer], load, peer, measured)


def _contest(stack: ExitStack, name: str, count: int) -> tuple[Contest, float]:
    """A server with its clients, and how many KiB it has taken for each of those."""
    peer = FANOUT_PEERS[name]
    running = stack.enter_context(server(name))
    running.wait()
    first = Clients(running.port, peer.path, peer.hello, 1)  # what the first one imports counts not
    warm(first, lambda: running.publish(64, 1))
    before = running.memory()
    clients = Clients(running.port, peer.path, peer.hello, count)
    stack.callback(clients.close)
    clients.settle()
    memory = (running.memory() - before) / count
    first.close()
    warm(clients, lambda: running.publish(64, 1))
    return Contest(running, clients, count), memory


def warm(clients: Clients, publish: Callable[[], None]) -> None:
    """Have one event delivered to all, once they are there."""
    clients.settle()
    clients.expect(1)
    publish()
    clients.received()


def _measure(contest: Contest, load: Load, peer: str, measured: Measured) -> None:
    before = sum(contest.server.cpu().values())
    seconds = deliver(contest.clients, load, contest.count, contest.server.publish)
    cpu = sum(contest.server.cpu().values()) - before
    messages = load.events * contest.count
    measured.cpu.add(key(load, peer), cpu / messages * 1e6)
    measured.rates.add(key(load, peer), messages / seconds.taken)
    measured.latencies.add(key(load, peer), seconds.latencies)


@dataclass
class Delivered:
    """How long deliveries took: all of them in seconds, some sampled ones in nanoseconds."""

    taken: float
    latencies: list[int]


def deliver(
    clients: Clients, load: Load, count: int, publish: Callable[[int, int], None]
) -> Delivered:
    """Publish events, and wait until all clients have them.

    Args:
        clients: The clients.
        load: What is published.
        count: How many clients there are.
        publish: Publishes, given the size and the number of events.
    """
    delivered = Delivered(0.0, [])
    if load.apart:
        clients.expect(load.events)
        begun = time.monotonic()
        for number in range(load.times):
            time.sleep(max(0.0, begun + number * load.apart * count - time.monotonic()))
            publish(load.size, load.burst)
        _add(delivered, clients, begun)
        return delivered
    for _ in range(load.times):
        clients.expect(load.burst)
        begun = time.monotonic()
        publish(load.size, load.burst)
        _add(delivered, clients, begun)
    return delivered


def _add(delivered: Delivered, clients: Clients, begun: float) -> None:
    found = clients.received()
    delivered.taken += found["ended"] - begun
    delivered.latencies += found["latencies"]
