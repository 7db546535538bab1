"""What is found out of the fan-out, and how much is measured for it."""

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import quantiles

from measuring.figures import CPU, RATE, Key, Samples


@dataclass(frozen=True)
class Load:
    """A kind of load.

    Attributes:
        name: What it is called.
        size: How many bytes an event takes as JSON.
        burst: How many are published at once.
        times: How often.
        apart: How many seconds lie between two for each client; 0 where each waits until all of
            the last were received.
    """

    name: str
    size: int
    burst: int
    times: int
    apart: float = 0.0

    @property
    def events(self) -> int:
        """How many events each client is sent."""
        return self.burst * self.times


STEADY = Load("64 B, one at a time", 64, 1, 20, 100e-6)
STEADY_LARGE = Load("4 KB, one at a time", 4096, 1, 20, 100e-6)
BURSTS = Load("64 B, 50 at once", 64, 50, 2)
BURSTS_LARGE = Load("4 KB, 50 at once", 4096, 50, 1)
LOADS = (STEADY, STEADY_LARGE, BURSTS, BURSTS_LARGE)


class Latencies:
    """How long events were on their way, in nanoseconds."""

    def __init__(self) -> None:
        self._taken: dict[Key, list[int]] = defaultdict(list)

    def add(self, key: Key, nanoseconds: list[int]) -> None:
        """Keep some."""
        self._taken[key] += nanoseconds

    def ms(self, key: Key) -> tuple[float, float]:
        """The 50th and the 99th percentile, in ms."""
        parts = quantiles(self._taken[key], n=100, method="inclusive")
        return parts[49] / 1e6, parts[98] / 1e6


@dataclass
class Measured:
    """What was found.

    Attributes:
        cpu: The server's CPU time for a message that is delivered.
        rates: Messages that are delivered in a second.
        latencies: How long they were on their way.
        memory: KiB for each connection, of each server.
    """

    cpu: Samples = field(default_factory=lambda: Samples(CPU))
    rates: Samples = field(default_factory=lambda: Samples(RATE))
    latencies: Latencies = field(default_factory=Latencies)
    memory: dict[str, float] = field(default_factory=dict)


def key(load: Load, peer: str) -> Key:
    """What a sample is of."""
    return Key(load.name, 1, peer)
