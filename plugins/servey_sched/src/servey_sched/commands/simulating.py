"""`servey schedules simulate`: what would fire, on a clock that is only imagined."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from servey_core import Overlap, Runtime, with_runtime
from servey_core.cli.tables import json_option, print_json
from servey_core.naming import did_you_mean
from servey_sched.commands.befalling import KILL, PAUSE, STEP
from servey_sched.commands.moments import MomentType
from servey_sched.commands.wording import clock, how_long, plain, utc
from servey_sched.schedules.faults import Fault
from servey_sched.schedules.firings import Firing, Missed
from servey_sched.schedules.misfires import COUNTED
from servey_sched.schedules.simulating import simulate as simulated
from servey_sched.scheduling.plans import Plan, plans_of

_DAY = timedelta(days=1)

_ON_TIME = timedelta(seconds=1)
"""A tick that fires no later than this is not called late."""


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@with_runtime
@click.option("--from", "start", type=MomentType(), help="The first moment. Left out, now.")
@click.option("--to", "end", type=MomentType(), help="Until when. Left out, a day later.")
@click.option(
    "--replicas",
    type=click.IntRange(min=1),
    default=1,
    metavar="N",
    help="How many schedulers there are; they are called 0 to N-1.",
)
@click.option(
    "--kill", "kills", type=KILL, multiple=True, help="One dies, and perhaps starts anew."
)
@click.option("--pause", "pauses", type=PAUSE, multiple=True, help="One stands still for a while.")
@click.option("--step", "steps", type=STEP, multiple=True, help="One's clock is set, by so much.")
@json_option
def simulate(  # noqa: PLR0913 - each is an option
    runtime: Runtime,
    *,
    names: Sequence[str],
    start: datetime | None,
    end: datetime | None,
    replicas: int,
    kills: Sequence[Fault],
    pauses: Sequence[Fault],
    steps: Sequence[Fault],
    as_json: bool,
) -> None:
    """Show what schedules would fire; nothing runs, and no broker is asked.

    All that are enabled, or those that are named. Moments have a time zone, as in
    2026-03-29T02:30:00+02:00 or 2026-03-29T00:30Z. Jobs are taken to be done at once, so that no
    tick is dropped, and schedules to be known already.
    """
    chosen = _chosen(runtime, names)
    first = start or datetime.now(UTC)
    last = end or first + _DAY
    faults = [*kills, *pauses, *steps]
    try:
        schedules = [plan.schedule for plan in chosen]
        events = simulated(schedules, first, last, replicas=replicas, faults=faults)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if as_json:
        print_json([_row(event) for event in events])
        return
    width = max((len(plain(one.name)) for one in chosen), default=0)
    for line in _lines(events, width):
        click.echo(line)
    for line in _left_out(chosen):
        click.echo(line, err=True)


def _left_out(chosen: Iterable[Plan]) -> Iterator[str]:
    """What of some schedules is not played, as it depends on jobs and on brokers."""
    if held := [plain(one.name) for one in chosen if one.overlap is not Overlap.ALLOW]:
        yield f"Taken to be done at once, so that no tick meets an earlier job: {', '.join(held)}"
    if eager := [plain(one.name) for one in chosen if one.trigger.start_at_once]:
        yield f"Fire once more, when they are first seen: {', '.join(eager)}"


def _chosen(runtime: Runtime, names: Sequence[str]) -> list[Plan]:
    """The schedules that are named, or all that are enabled.

    Raises:
        click.UsageError: There is none of a name.
        ActionError: A schedule cannot work.
    """
    plans = {plan.name: plan for plan in plans_of(runtime)}
    for name in names:
        if name not in plans:
            hint = did_you_mean(name, plans)
            raise click.UsageError(f"There is no schedule {name!r}. {hint}".rstrip())
    if names:
        return [plans[name] for name in dict.fromkeys(names)]
    return [plan for plan in plans.values() if plan.trigger.enabled]


def _lines(events: Iterable[Firing | Missed], width: int) -> Iterator[str]:
    """A line for each event, and one for all of them; names are `width` characters wide."""
    fired, missed = 0, 0
    for event in events:
        if isinstance(event, Firing):
            fired += 1
            yield _firing_line(event, width)
        else:
            missed += event.count
            yield _missed_line(event)
    yield f"fired: {fired}, missed: {missed}"


def _firing_line(event: Firing, width: int) -> str:
    parts = [
        clock(event.tick, event.tick.tzinfo or UTC),
        utc(event.tick),
        plain(event.schedule).ljust(width),
    ]
    parts.append(f"replica {event.replica}")
    if event.shift:
        way = "forward" if event.shift > timedelta(0) else "back"
        parts.append(f"clocks {way} by {how_long(event.shift)}")
    if event.delay:
        parts.append(f"jitter {event.delay.total_seconds():.1f} s")
    late = event.at - event.tick
    if late > _ON_TIME:
        parts.append(f"late by {how_long(late)}")
    return "  ".join(parts)


def _missed_line(event: Missed) -> str:
    count = f"{event.count} or more" if event.count >= COUNTED else str(event.count)
    between = f"{utc(event.after)} and {utc(event.until)}"
    return f"missed: {count} of {plain(event.schedule)} between {between}"


def _row(event: Firing | Missed) -> dict[str, Any]:
    if isinstance(event, Missed):
        return {
            "missed": event.count,
            "schedule": event.schedule,
            "after": utc(event.after),
            "until": utc(event.until),
        }
    return {
        "schedule": event.schedule,
        "tick": event.tick.isoformat(),
        "utc": utc(event.tick),
        "at": utc(event.at),
        "replica": event.replica,
        "shift": event.shift.total_seconds(),
        "jitter": event.delay.total_seconds(),
    }
