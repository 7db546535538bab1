"""What becomes of a tick while the job of an earlier one is not done."""

from enum import StrEnum

from servey_core import Overlap


class Outcome(StrEnum):
    """What to do for a tick."""

    START = "start"
    """Enqueue its job, to start at once."""
    WAIT = "wait"
    """Enqueue its job, to start when the running one is done."""
    DROP = "drop"
    """Enqueue nothing."""
    REPLACE = "replace"
    """Cancel the earlier jobs, then enqueue its own, to start at once."""


def on_tick(overlap: Overlap, *, running: int, waiting: int) -> Outcome:
    """Decide for a tick.

    Args:
        overlap: The schedule's policy.
        running: How many of its jobs run.
        waiting: How many of its jobs are enqueued and have not started.
    """
    if overlap is Overlap.ALLOW or running + waiting == 0:
        return Outcome.START
    if overlap is Overlap.REPLACE:
        return Outcome.REPLACE
    if overlap is Overlap.QUEUE_ONE and waiting == 0:
        return Outcome.WAIT
    return Outcome.DROP
