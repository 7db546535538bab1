"""Time zones: finding one by its name, and when its clocks change."""

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, available_timezones

from servey_core.naming import nearest

SECOND = timedelta(seconds=1)


def zone_named(name: str) -> ZoneInfo:
    """The zone of the IANA time zone database, such as `Europe/Paris`.

    Raises:
        ValueError: There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        near = nearest(name, available_timezones())
        raise ValueError(
            f"timezone: {name!r} is no zone of the IANA time zone database. "
            + (f"Did you mean {near!r}?" if near else "Write one as 'Europe/Paris' or 'UTC'.")
        ) from error


def wall_clock(zone: tzinfo, instant: datetime) -> datetime:
    """What the clocks of a zone show at an instant, as a datetime without a zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def offset(zone: tzinfo, instant: datetime) -> timedelta:
    """How far the clocks of a zone are ahead of UTC at an instant in UTC."""
    return wall_clock(zone, instant) - instant.replace(tzinfo=None)


def change_between(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The instant at which a zone's clocks change.

    Args:
        zone: The zone.
        before: An instant in UTC.
        after: A later instant in UTC, with another offset; the clocks change once between them.

    Returns:
        The first whole second in UTC with the later offset.
    """
    old = before.replace(microsecond=0)
    earlier = offset(zone, old)
    seconds = -((old - after) // SECOND)
    low, high = 0, seconds
    while high - low > 1:
        middle = (low + high) // 2
        if offset(zone, old + middle * SECOND) == earlier:
            low = middle
        else:
            high = middle
    return old + high * SECOND


def first_showing(zone: tzinfo, wall: datetime) -> datetime:
    """The first instant in UTC at which a zone's clocks show `wall` or, having skipped it, more.

    Args:
        zone: The zone.
        wall: A time of the wall clock, without a zone.
    """
    instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if wall_clock(zone, instant) == wall:
        return instant
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)  # PEP 495: a gap's folds swap
    return change_between(zone, before, instant)
