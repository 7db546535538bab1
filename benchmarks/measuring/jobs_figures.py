"""What is found out of jobs, and how much is measured for it."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from statistics import quantiles

from measuring.figures import RATE, Key, Samples

ENQUEUED = "enqueued one by one"
IN_BATCHES = "enqueued in batches"
BOTH = "enqueued and run at once"
RUN = "run by one process"
RUN_BY_TWO = "run by two processes"

Where = tuple[str, str]
"""A broker and a peer."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes:
        rounds: How often.
        jobs: How many jobs a rate is of.
        busy: Of how many jobs the latency is measured in a round, with a busy worker.
        idle: And of how many in all, with an idle one.
    """

    rounds: int
    jobs: int
    busy: int
    idle: int


class Latencies:
    """How long jobs waited until they ran, enqueueing included, in seconds."""

    def __init__(self) -> None:
        self._taken: dict[Where, list[float]] = defaultdict(list)

    def add(self, where: Where, seconds: list[float]) -> None:
        """Keep some."""
        self._taken[where] += seconds

    def ms(self, where: Where) -> tuple[float, float] | None:
        """The 50th and the 99th percentile, in ms; None where not measured."""
        if where not in self._taken:
            return None
        parts = quantiles(self._taken[where], n=100, method="inclusive")
        return parts[49] * 1e3, parts[98] * 1e3


@dataclass
class Measured:
    """What was found.

    Attributes:
        rates: Jobs per second.
        busy: Latencies with a busy worker.
        idle: Those with an idle one.
        repeated: How many jobs ran more than once.
        lost: How many jobs did not run.
    """

    rates: Samples = field(default_factory=lambda: Samples(RATE))
    busy: Latencies = field(default_factory=Latencies)
    idle: Latencies = field(default_factory=Latencies)
    repeated: Counter[Where] = field(default_factory=Counter)
    lost: Counter[Where] = field(default_factory=Counter)

    def comparable(self, where: Where, what: str) -> Key:
        """What to compare others' figures with: one by one, where a library has no batches."""
        same = key(where, what)
        return key(where, ENQUEUED) if what == IN_BATCHES and same not in self.rates else same


def key(where: Where, what: str) -> Key:
    """What a rate is of."""
    broker, peer = where
    return Key(f"{broker}, {what}", 1, peer)
