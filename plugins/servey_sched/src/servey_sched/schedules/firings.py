"""What comes of a tick in a simulation."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Firing:
    """A tick that fires.

    Attributes:
        schedule: The schedule's name.
        tick: The tick, in the zone of the schedule.
        shift: By how much that zone's clocks were set forward since the tick claimed before, or
            since the simulation began; negative for back.
        at: When it fires, by the true clock, in UTC.
        delay: Its jitter: how much later its job starts.
        replica: Which replica claimed it, from 0.
    """

    schedule: str
    tick: datetime
    shift: timedelta
    at: datetime
    delay: timedelta
    replica: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Ticks that never fire.

    Attributes:
        schedule: The schedule's name.
        count: How many; `misfires.COUNTED` where there are more.
        after: The tick claimed before them, or the moment before the simulation's start.
        until: The tick claimed next, or the simulation's end.
    """

    schedule: str
    count: int
    after: datetime
    until: datetime
