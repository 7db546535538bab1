"""What becomes of a delivered job."""

from dataclasses import dataclass
from typing import Any

import dramatiq


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, or need not be done any more: the broker forgets it."""


@dataclass(frozen=True, slots=True)
class Again:
    """It is tried again later.

    Attributes:
        message: The job, as it shall be delivered then.
        delay: After how many milliseconds.
    """

    message: dramatiq.Message[Any]
    delay: int


@dataclass(frozen=True, slots=True)
class Dead:
    """It is not tried any more: it goes to the dead letters.

    Attributes:
        error: Why, for a person; with a traceback where there is one.
    """

    error: str


@dataclass(frozen=True, slots=True)
class Back:
    """It was not started, or shall not count as started: somebody else gets it."""


Verdict = Done | Again | Dead | Back

DONE = Done()
BACK = Back()
