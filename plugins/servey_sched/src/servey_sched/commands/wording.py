"""Texts from elsewhere, spans, moments and progress, as a terminal shows them."""

import math
from datetime import UTC, datetime, timedelta, tzinfo

from servey_core import Progress
from servey_core.redaction import redacted_text

_WIDTH = 20
"""How many characters a bar has."""

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def plain(text: str) -> str:
    """A text in one line, without secrets, and without what would steer a terminal."""
    return printable(redacted_text(text))


def printable(text: str) -> str:
    """A text in one line, without what would steer a terminal."""
    return "".join(one if one.isprintable() else " " for one in text)


def how_long(span: timedelta) -> str:
    """A span in its two largest units: `2 h 5 min`."""
    left, words = abs(round(span.total_seconds())), []
    for seconds, unit in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            words.append(f"{count} {unit}")
        elif words:
            break
    return " ".join(words[:2]) or "0 s"


def how_far(moment: datetime, now: datetime) -> str:
    """How far a moment is from now: `in 5 min`, or `5 min ago`."""
    span = how_long(moment - now)
    return f"in {span}" if moment > now else f"{span} ago"


def clock(moment: datetime, zone: tzinfo = UTC) -> str:
    """A moment on the clocks of a zone, with their offset; fractions of a second where it has any.

    Args:
        moment: The moment.
        zone: The zone.
    """
    local = moment.astimezone(zone)
    return local.isoformat(sep=" ", timespec="milliseconds" if local.microsecond else "seconds")


def utc(moment: datetime) -> str:
    """A moment in UTC, for programs: `2026-03-29T00:30:00Z`."""
    return moment.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"


def bar(progress: Progress | None) -> str:
    """How far a job is, as a bar where its total is known; empty where it says nothing."""
    if progress is None:
        return ""
    note = plain(progress.note)
    if not progress.total or not math.isfinite(progress.done / progress.total):
        return f"{progress.done:g}  {note}".rstrip()
    share = max(0.0, min(1.0, progress.done / progress.total))
    filled = math.floor(share * _WIDTH)
    drawn = "#" * filled + "-" * (_WIDTH - filled)
    counted = f"{progress.done:g}/{progress.total:g}"
    return f"[{drawn}] {math.floor(share * 100):3} %  {counted}  {note}".rstrip()
