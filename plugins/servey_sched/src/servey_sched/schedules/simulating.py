"""What schedules would fire, on a virtual clock, over replicas that fail."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from servey_sched.schedules.claims import ClaimTable
from servey_sched.schedules.faults import Fault, check_faults
from servey_sched.schedules.firings import Firing, Missed
from servey_sched.schedules.nodes import Nodes
from servey_sched.schedules.schedule import Schedule
from servey_sched.schedules.ticks import in_utc


def simulate(  # noqa: PLR0913 - the last three have defaults, and go by name
    schedules: Sequence[Schedule],
    start: datetime,
    end: datetime,
    *,
    replicas: int = 1,
    faults: Sequence[Fault] = (),
    claims: ClaimTable | None = None,
) -> Iterator[Firing | Missed]:
    """Play the nodes of a scheduler, as they wake, decide and claim.

    Args:
        schedules: What they run, by distinct names.
        start: The first moment, with its time zone; a tick at it fires.
        end: The moment before which ticks fire.
        replicas: How many nodes there are.
        faults: What befalls them.
        claims: The table in which they claim; an empty one where it is left out.

    Returns:
        What fires, in order of `at`, each after the ticks missed before it; last, what is missed
        up to the end. Every tick fires or is missed, never both.

    Raises:
        ValueError: A moment has no time zone, the end is not later than the start, there is no
            replica, two schedules have one name, or the faults cannot be.
    """
    first, last = in_utc(start, "start"), in_utc(end, "end")
    named = {schedule.name: schedule for schedule in schedules}
    if last <= first:
        raise ValueError(
            f"end: {end.isoformat()} is not later than start, {start.isoformat()}. "
            f"Give a later moment."
        )
    if replicas < 1:
        raise ValueError(f"replicas: {replicas} cannot fire anything. Give 1 or more.")
    if len(named) < len(schedules):
        raise ValueError("schedules: two have one name. Give each a name of its own.")
    check_faults(faults, replicas)
    table = claims or ClaimTable(first - timedelta.resolution)
    return Nodes(named, first, last, faults, table).run(replicas)
