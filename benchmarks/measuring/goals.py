"""Something to be reached, and whether it was."""

from collections.abc import Iterable
from dataclasses import dataclass

from measuring.figures import Key, Samples

Pair = tuple[str, Key, Key]
"""Where something was measured, what is judged, and what it is compared with."""


@dataclass(frozen=True)
class Goal:
    """Something to be reached.

    Attributes:
        text: What.
        reached: Whether it was; None where it was not measured.
        found: What was measured.
    """

    text: str
    reached: bool | None
    found: str = ""

    def __str__(self) -> str:
        verdicts = {True: "reached", False: "NOT reached", None: "not measured"}
        return f"{verdicts[self.reached]:14}{self.text:58}{self.found}".rstrip()


def judged(text: str, least: float, samples: Samples, pairs: Iterable[Pair]) -> Goal:
    """Judge by the least median of what a goal is about: it is `least` at the least."""
    found = [(where, samples.times_quicker(key, than)) for where, key, than in pairs]
    measured = [(ratio.median, where, ratio) for where, ratio in found if ratio is not None]
    if not measured:
        return Goal(text, None)
    median, where, ratio = min(measured, key=lambda one: one[0])
    return Goal(text, median >= least, f"{ratio} in {where}")
