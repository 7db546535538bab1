"""Figures: paired ratios, their medians and spans."""

import statistics
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

CPU = "µs"
PAUSE = "ms"
RATE = "requests/s"
"""The units: of times the smaller is the better, of rates the larger."""


class Key(NamedTuple):
    """What a sample was taken of."""

    case: str
    actions: int
    peer: str


@dataclass(frozen=True)
class Spread:
    """A median, and the span from the 10th to the 90th percentile."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.{_places(self.median)}f} ({_short(self.low)}-{_short(self.high)})"


class Samples:
    """Samples of one kind, one of each key in every round.

    Args:
        unit: What they are.
    """

    def __init__(self, unit: str) -> None:
        self.unit = unit
        self._taken: dict[Key, list[float]] = defaultdict(list)

    def add(self, key: Key, sample: float) -> None:
        """Keep one sample."""
        self._taken[key].append(sample)

    def __contains__(self, key: Key) -> bool:
        return key in self._taken

    @property
    def actions(self) -> list[int]:
        """The counts of actions that were measured."""
        return sorted({key.actions for key in self._taken})

    def median(self, key: Key) -> float:
        """The median of a key's samples."""
        return statistics.median(self._taken[key])

    def times_quicker(self, key: Key, than: Key) -> Spread | None:
        """How many times quicker one is than another, round by round; None where not measured."""
        if key not in self._taken or than not in self._taken:
            return None
        pairs = zip(self._taken[key], self._taken[than], strict=True)
        rates = self.unit == RATE
        ratios = [mine / other if rates else other / mine for mine, other in pairs]
        if len(ratios) == 1:
            return Spread(ratios[0], ratios[0], ratios[0])
        tenths = statistics.quantiles(ratios, n=10, method="inclusive")
        return Spread(statistics.median(ratios), tenths[0], tenths[-1])


def _places(number: float) -> int:
    return 1 if number >= 10 else 2


def _short(number: float) -> str:
    return f"{number:.{_places(number)}f}"
