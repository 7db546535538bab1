"""One worker process of Servey, and two, over a Redis of our own."""

import os
import random
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from peers import SERVEY
from peers.fanout import FANOUT_PEERS
from peers.fanout.servey import variables

from measuring.fanout_figures import Load
from measuring.fanout_processes import HERE, Clients, Server, Talk, ending, start
from measuring.fanout_rates import deliver, warm
from measuring.figures import RATE, Key, Samples

WORKERS = (1, 2)
_NAMES = ("redis-server", "valkey-server")


@dataclass
class Nodes:
    """What was found of worker processes: messages that are delivered in a second.

    Attributes:
        rates: By the clock.
        capacities: By the CPU time of the process that takes most of it.
        shares: What part of the CPU time of all that one takes, for each count of processes.
    """

    rates: Samples = field(default_factory=lambda: Samples(RATE))
    capacities: Samples = field(default_factory=lambda: Samples(RATE))
    shares: dict[int, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Node:
    server: Server
    clients: Clients
    publisher: Talk

    def publish(self, size: int, count: int) -> None:
        self.publisher.ask(size, count)
        self.publisher.answer()


def missing() -> str:
    """Why nothing can be measured here; empty where it can."""
    return "" if any(map(shutil.which, _NAMES)) else "there is no redis-server on PATH"


def node_key(load: Load, workers: int) -> Key:
    """What a sample is of."""
    return Key(load.name, 1, f"{SERVEY}, {workers} worker{'s' if workers > 1 else ''}")


def measure_nodes(loads: Sequence[Load], rounds: int, count: int) -> Nodes:
    """Measure both in turn, with one publisher in a process of its own for each.

    Args:
        loads: What is published.
        rounds: How often.
        count: How many clients there are.
    """
    found = Nodes()
    with ExitStack() as stack:
        port = stack.enter_context(_redis())
        nodes = {
            workers: _node(stack, f"redis://127.0.0.1:{port}/{workers}", workers, count)
            for workers in WORKERS
        }
        for _ in range(rounds):
            for load in loads:
                for workers in random.sample(WORKERS, len(WORKERS)):
                    _measure(nodes[workers], load, workers, count, found)
    return found


def _node(stack: ExitStack, url: str, workers: int, count: int) -> _Node:
    port = _free_port()
    environment = {**os.environ, **variables(url), "PYTHONPATH": str(HERE)}
    words = [sys.executable, "-m", "servey_core", "serve", "--service", "web"]
    started = start(
        [*words, "--workers", str(workers), "--port", str(port)],
        cwd=HERE / "peers/fanout/servey_app",
        env={**environment, "SERVEY_LOG_LEVEL": "error"},
    )
    server = Server(port, stack.enter_context(ending(started)))
    server.wait()
    publisher = Talk(["-m", "peers.fanout.publisher", url])
    stack.callback(publisher.close)
    peer = FANOUT_PEERS[SERVEY]
    clients = Clients(port, peer.path, peer.hello, count)
    stack.callback(clients.close)
    node = _Node(server, clients, publisher)
    warm(clients, lambda: node.publish(64, 1))
    return node


def _measure(node: _Node, load: Load, workers: int, count: int, found: Nodes) -> None:
    before = node.server.cpu()
    delivered = deliver(node.clients, load, count, node.publish)
    after = node.server.cpu()
    taken = [after[number] - before[number] for number in after]
    messages, key = load.events * count, node_key(load, workers)
    found.rates.add(key, messages / delivered.taken)
    found.capacities.add(key, messages / max(taken))
    found.shares.setdefault(workers, []).append(max(taken) / sum(taken))


@contextmanager
def _redis() -> Iterator[int]:
    """A Redis that keeps nothing on a disk; its port."""
    port, program = _free_port(), next(filter(None, map(shutil.which, _NAMES)))
    with tempfile.TemporaryDirectory() as folder:
        words = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        words += ["--save", "", "--appendonly", "no", "--logfile", "redis.log"]
        with ending(start(words)):
            yield port


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
