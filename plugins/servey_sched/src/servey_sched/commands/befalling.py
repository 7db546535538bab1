"""What shall befall the replicas of a simulation, as the command line says it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import click

from servey_sched.commands.moments import moment_of
from servey_sched.schedules.faults import ClockStep, Fault, Kill, Pause

_OUTAGE = re.compile(r"(?P<replica>\d+)@(?P<at>.+?)(?:\.\.(?P<until>.+))?", re.ASCII)
_STEP = re.compile(r"(?P<replica>\d+)@(?P<at>.+)(?P<by>[+-]\d+(?:\.\d+)?)", re.ASCII)


class FaultType(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4
    """A fault of one replica.

    Args:
        name: How it is written, for the help.
        example: The same, with values.
        read: Reads it; raises `ValueError` where it is none.
    """

    def __init__(self, name: str, example: str, read: Callable[[str], Fault]) -> None:
        self.name = name
        self._example = example
        self._read = read

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Fault:
        """Read it."""
        try:
            return self._read(value)
        except (ValueError, OverflowError) as error:
            self.fail(f"{error} (as in {self._example})", param, ctx)


def _kill(text: str) -> Kill:
    found = _found(_OUTAGE, text)
    return Kill(int(found["replica"]), moment_of(found["at"]), _until(found))


def _pause(text: str) -> Pause:
    found = _found(_OUTAGE, text)
    if found["until"] is None:
        raise ValueError(f"{text!r} has no end: a replica that never goes on is killed.")
    return Pause(int(found["replica"]), moment_of(found["at"]), _until(found))


def _step(text: str) -> ClockStep:
    found = _found(_STEP, text)
    seconds = timedelta(seconds=float(found["by"]))
    return ClockStep(int(found["replica"]), moment_of(found["at"]), seconds)


def _until(found: re.Match[str]) -> Any:
    return moment_of(found["until"]) if found["until"] else None


def _found(pattern: re.Pattern[str], text: str) -> re.Match[str]:
    if found := pattern.fullmatch(text):
        return found
    raise ValueError(f"{text!r} does not say which replica, when, and what.")


_FROM, _TO = "2026-03-29T01:00Z", "2026-03-29T02:00Z"
KILL = FaultType("R@ISO[..ISO]", f"0@{_FROM}..{_TO}", _kill)
PAUSE = FaultType("R@ISO..ISO", f"0@{_FROM}..{_TO}", _pause)
STEP = FaultType("R@ISO±SECONDS", f"0@{_FROM}-30", _step)
