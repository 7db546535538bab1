"""`servey schedules`: when each fires next, and what came of it so far."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click

from servey_core import Runtime, SettingsError, with_runtime
from servey_core.cli.tables import json_option, print_json, print_table
from servey_sched.brokers.ticks import KnownSchedule
from servey_sched.commands.groups import ListGroup
from servey_sched.commands.reaching import ask
from servey_sched.commands.simulating import simulate
from servey_sched.commands.wording import clock, how_far, plain
from servey_sched.queue import NAME, DramatiqQueue
from servey_sched.scheduling.claiming import claims_of
from servey_sched.scheduling.plans import Plan, plans_of

NONE = (
    "There are no schedules: give an action a CronTrigger, a FixedRateTrigger or an AtTrigger, as "
    '@action(triggers=CronTrigger("30 2 * * *", "Europe/Paris")).'
)


@click.group(cls=ListGroup)
def schedules() -> None:
    """List schedules, or simulate them.

    Without a command, `servey schedules list`.
    """


@schedules.command("list", short_help="List schedules: what was, and what is next.")
@with_runtime
@json_option
def list_(runtime: Runtime, *, as_json: bool) -> None:
    """List the schedules: when each fires next, and how many ticks fired, or did not.

    A tick is missed where no scheduler was there to fire it, and dropped where the job of an
    earlier one was not done.
    """
    plans = plans_of(runtime)
    known = _known(runtime, plans) if plans else {}
    now = datetime.now(UTC)
    if as_json:
        print_json([_row(plan, known.get(plan.name), now) for plan in plans])
    elif plans:
        headings = ("name", "next", "last", "fired", "missed", "dropped", "action", "trigger")
        print_table(headings, [_cells(plan, known.get(plan.name), now) for plan in plans])
    else:
        click.echo(NONE)


schedules.add_command(simulate)


def _known(runtime: Runtime, plans: Sequence[Plan]) -> Mapping[str, KnownSchedule]:
    """What is remembered of them, by their names.

    Raises:
        SettingsError: Nothing could be.
    """
    queue = runtime.task_queue
    if not isinstance(queue, DramatiqQueue):
        raise SettingsError(
            f"SERVEY_TASK_QUEUE is {runtime.settings.core.task_queue!r}, and schedules need "
            f"{NAME!r}: leave it out, or set it so."
        )
    claims = claims_of(runtime, queue.broker)
    return ask(runtime, lambda: claims.known([plan.name for plan in plans]))


def _row(plan: Plan, known: KnownSchedule | None, now: datetime) -> dict[str, Any]:
    """A schedule as JSON values; moments are those of its zone."""
    zone = plan.schedule.ticks.zone
    upcoming, last = _next(plan, known, now), _last(known)
    return {
        "name": plan.name,
        "action": plan.binding.action.name,
        "trigger": str(plan.trigger),
        "enabled": plan.trigger.enabled,
        "next": upcoming.astimezone(zone).isoformat() if upcoming else None,
        "last": last.astimezone(zone).isoformat() if last else None,
        "fired": known.fired if known else 0,
        "missed": known.missed if known else 0,
        "dropped": known.dropped if known else 0,
    }


def _cells(plan: Plan, known: KnownSchedule | None, now: datetime) -> list[str]:
    zone = plan.schedule.ticks.zone
    upcoming, last = _next(plan, known, now), _last(known)
    known = known or KnownSchedule(now)
    ahead = f"{clock(upcoming, zone)} ({how_far(upcoming, now)})" if upcoming else "never"
    return [
        plain(plan.name),
        ahead if plan.trigger.enabled else "disabled",
        f"{clock(last, zone)} ({how_far(last, now)})" if last else "-",
        *map(str, (known.fired, known.missed, known.dropped)),
        plain(plan.binding.action.name),
        plain(str(plan.trigger)),
    ]


def _next(plan: Plan, known: KnownSchedule | None, now: datetime) -> datetime | None:
    """The next tick: after the last one, which a clock that was wrong may have claimed early."""
    after = max(now, known.last) if known else now
    return plan.schedule.ticks.next_after(after) if plan.trigger.enabled else None


def _last(known: KnownSchedule | None) -> datetime | None:
    """The last tick; before the first, what is remembered is when the schedule was first seen."""
    return known.last if known and (known.fired or known.dropped) else None
