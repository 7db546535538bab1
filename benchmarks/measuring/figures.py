"""Figures: paired ratios, their medians and spans, and tables of them."""

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from peers import BARE, FASTAPI, SERVEY

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

    def table(self, case: str, title: str, peers: Sequence[str], baseline: str = FASTAPI) -> str:
        """The figures of one case: a line for each peer, a column for each count of actions."""
        heads = [f"{self.unit:>10}  {_actions(count)}" for count in self.actions]
        lines = [f"{title}, x {baseline}", f"  {'':28}{_row(heads)}"]
        for peer in peers:
            cells = [self._cell(Key(case, count, peer), baseline) for count in self.actions]
            if any(cells):
                lines.append(f"  {peer:28}{_row(cells)}")
        shares = [self.times_quicker(*of_bare(case, count)) for count in self.actions]
        if any(shares):
            cells = [f"{'':10}  {share}" if share else "" for share in shares]
            lines.append(f"  {f'{SERVEY}, x bare':28}{_row(cells)}")
        return "\n".join(line.rstrip() for line in lines)

    def _cell(self, key: Key, baseline: str) -> str:
        if key not in self._taken:
            return ""
        ratio = self.times_quicker(key, key._replace(peer=baseline))
        median = self.median(key)
        places = 1 if self.unit == CPU else 0
        return f"{median:>10.{places}f}  {ratio or ''}"


def of_bare(case: str, actions: int) -> tuple[Key, Key]:
    """The keys to compare for the share of the bare application's speed that servey reaches."""
    return Key(case, actions, SERVEY), Key(case, actions, BARE)


def _actions(count: int) -> str:
    return f"{count} action{'s' if count > 1 else ''}"


def _row(cells: Sequence[str]) -> str:
    return "".join(f"{cell:32}" for cell in cells)


def _places(number: float) -> int:
    return 1 if number >= 10 else 2


def _short(number: float) -> str:
    return f"{number:.{_places(number)}f}"
