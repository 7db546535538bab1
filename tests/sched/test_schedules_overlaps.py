"""A tick while the job of an earlier one waits or runs."""

import pytest

from servey_sched.schedules.overlaps import Outcome, Overlap, on_tick

START, WAIT, DROP, REPLACE = Outcome.START, Outcome.WAIT, Outcome.DROP, Outcome.REPLACE


@pytest.mark.parametrize(
    ("overlap", "idle", "one_runs", "one_waits", "both", "many_run"),
    [
        (Overlap.SKIP, START, DROP, DROP, DROP, DROP),
        (Overlap.QUEUE_ONE, START, WAIT, DROP, DROP, WAIT),
        (Overlap.ALLOW, START, START, START, START, START),
        (Overlap.REPLACE, START, REPLACE, REPLACE, REPLACE, REPLACE),
    ],
)
def test_what_becomes_of_a_tick(
    overlap: Overlap,
    idle: Outcome,
    one_runs: Outcome,
    one_waits: Outcome,
    both: Outcome,
    many_run: Outcome,
) -> None:
    assert on_tick(overlap, running=0, waiting=0) is idle
    assert on_tick(overlap, running=1, waiting=0) is one_runs
    assert on_tick(overlap, running=0, waiting=1) is one_waits
    assert on_tick(overlap, running=1, waiting=1) is both
    assert on_tick(overlap, running=3, waiting=0) is many_run
