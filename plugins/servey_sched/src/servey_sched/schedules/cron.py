"""Ticks by a cron expression, on the wall clock of a time zone.

cronsim reads the expressions and matches them to a clock without a zone; what happens where a
zone's clocks change is decided here, as Debian's cron decides it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from servey_sched.schedules.cron_fields import check_expression
from servey_sched.schedules.ticks import Ticks
from servey_sched.schedules.zones import (
    SECOND,
    change_between,
    first_showing,
    offset,
    wall_clock,
    zone_named,
)

_DAY = timedelta(days=1)
"""No zone has ever moved its clocks by more."""


@dataclass(frozen=True, slots=True)
class Cron(Ticks):
    """A tick whenever the clocks of a zone show what an expression asks for.

    Where the clocks change, Debian's cron is followed (cron(8), "daylight saving time"). An
    expression whose fields of second, minute and hour have no leading `*` means fixed times of
    day: one that is skipped fires once, at the end of the gap, and one that is repeated fires the
    first time only. Any other expression fires whenever the clocks show a matching time: never
    for a skipped one, twice for a repeated one.

    Attributes:
        expression: Five fields: minute, hour, day of month, month, day of week; or six, with the
            second first. Where neither day field begins with `*`, either one suffices.
        timezone: A name of the IANA time zone database.

    Raises:
        ValueError: The expression cannot be read or never fires, or the zone is unknown.
    """

    expression: str
    timezone: str = "UTC"
    _zone: ZoneInfo = field(init=False, repr=False, compare=False)
    _fixed_time: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_expression(self.expression)
        object.__setattr__(self, "_zone", zone_named(self.timezone))
        of_the_clock = self.expression.split()[:-3]
        fixed = not any(part.startswith("*") for part in of_the_clock)
        object.__setattr__(self, "_fixed_time", fixed)

    @property
    def zone(self) -> ZoneInfo:
        """The zone by whose clocks the expression is read."""
        return self._zone

    def _next_after(self, instant: datetime) -> datetime | None:
        return self._next_fixed(instant) if self._fixed_time else self._next_shown(instant)

    def _next_fixed(self, instant: datetime) -> datetime | None:
        for wall in CronSim(self.expression, wall_clock(self._zone, instant)):
            tick = first_showing(self._zone, wall)
            if tick > instant:
                return tick
        return None

    def _next_shown(self, instant: datetime) -> datetime | None:
        """Steps over the stretches in which the zone's clocks do not change."""
        ahead = offset(self._zone, instant)
        while True:
            wall = next(CronSim(self.expression, (instant + ahead).replace(tzinfo=None)), None)
            if wall is None:
                return None
            tick = wall.replace(tzinfo=instant.tzinfo) - ahead
            seen = min(tick, instant + _DAY)
            if offset(self._zone, seen) != ahead:
                change = change_between(self._zone, instant, seen)
                ahead = offset(self._zone, change)
                instant = change - SECOND
            elif seen == tick:
                return tick
            else:  # no clock shows a match until it is near the tick
                instant = max(seen, tick - _DAY - SECOND)
                ahead = offset(self._zone, instant)
