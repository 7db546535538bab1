"""Moments and spans on the command line: ISO 8601 with a time zone, and seconds."""

from datetime import datetime

import click

from servey_core.durations import seconds_of

_YEARS = range(1970, 9001)
"""Those in which clocks and time zones may be reckoned with, a good way from Python's ends."""


class MomentType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """A moment, such as `2026-03-29T02:30:00+02:00` or `2026-03-29T00:30Z`."""

    name = "ISO"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Read it."""
        if isinstance(value, datetime):
            return value
        try:
            return moment_of(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


class SecondsType(click.ParamType):  # type: ignore[type-arg]
    """A span in seconds, such as `90` or `0.5`."""

    name = "SECONDS"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it."""
        if isinstance(value, float):
            return value
        try:
            return seconds_of(float(str(value)))
        except ValueError:
            self.fail(f"{value!r} is no number of seconds from 0 upwards.", param, ctx)


def moment_of(text: str) -> datetime:
    """Read a moment.

    Raises:
        ValueError: It is none; the text says what to write.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is no moment. Write it as 2026-03-29T02:30:00+02:00, or in UTC as "
            "2026-03-29T00:30:00Z."
        ) from None
    if moment.utcoffset() is None:
        shown = moment.isoformat()
        raise ValueError(
            f"{text!r} has no time zone, so it is no moment. Write {shown}Z for UTC, or its "
            f"offset, as in {shown}+02:00."
        )
    if moment.year not in _YEARS:
        raise ValueError(
            f"{text!r} is out of reach. Write a year from {_YEARS[0]} to {_YEARS[-1]}."
        )
    return moment
