"""Whether a cron expression can be read, and what to say where it cannot."""

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

_ALLOWED = {
    "second": "0 to 59",
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, L (the last day) or LW (the last weekday)",
    "month": "1 to 12 or JAN to DEC",
    "day-of-week": "0 to 7 or SUN to SAT, 5L (the last Friday) or 5#2 (the second Friday)",
}
_SPANS = {
    "second": 60,
    "minute": 60,
    "hour": 24,
    "day-of-month": 31,
    "month": 12,
    "day-of-week": 7,
}
_STEP = re.compile(r"/([0-9]+)")
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def check_expression(expression: str) -> None:
    """Refuse an expression that cannot be read, or that would never fire.

    Args:
        expression: Five or six fields, as `Cron` takes them.

    Raises:
        ValueError: What is wrong, in which field, and what may stand there.
    """
    parts = expression.split()
    if len(parts) not in (len(_ALLOWED) - 1, len(_ALLOWED)):
        raise ValueError(
            f"expression: {expression!r} has {len(parts)} fields. Write five, minute hour "
            f"day-of-month month day-of-week, as in '0 9 * * 1-5', or six, with the second first."
        )
    fields = dict(zip(list(_ALLOWED)[-len(parts) :], parts, strict=True))
    if fault := _fault(fields):
        raise ValueError(f"expression: {expression!r} {fault}")


def _fault(fields: dict[str, str]) -> str | None:
    for name, text in fields.items():
        if not _readable(name, text):
            return (
                f"has {text!r} for the {name}. "
                f"Write *, or {_ALLOWED[name]}; lists 1,2, ranges 1-5 and steps */2 may stand too."
            )
        for step in _STEP.findall(text):
            if int(step) > _SPANS[name]:
                return (
                    f"has a step of {step} for the {name}, of which there are {_SPANS[name]}. "
                    f"Write a smaller step, or use a fixed rate for an interval that long."
                )
    if not _readable_together(fields):
        return (
            f"never fires: no month of {fields['month']!r} has a day {fields['day-of-month']!r}. "
            f"Write another day-of-month, or L for the last day."
        )
    return None


def _readable(name: str, text: str) -> bool:
    return _readable_together(dict.fromkeys(_ALLOWED, "*") | {name: text})


def _readable_together(fields: dict[str, str]) -> bool:
    try:
        CronSim(" ".join(fields.values()), _ANY_TIME)
    except CronSimError:
        return False
    return True
