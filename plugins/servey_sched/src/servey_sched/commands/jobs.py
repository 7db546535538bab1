"""`servey jobs`: what waits, runs and is dead, and what to do about it."""

import json
import sys
from datetime import UTC, datetime
from typing import get_args

import click

from servey_core import Runtime, with_runtime
from servey_core.cli.tables import json_option, print_json
from servey_sched.brokers.base import JobState
from servey_sched.commands.details import details_json, details_lines, details_of
from servey_sched.commands.groups import ListGroup
from servey_sched.commands.listed import dead_lines, listing_lines
from servey_sched.commands.listing import Listing, listing_of
from servey_sched.commands.mending import cancel, purge, retry
from servey_sched.commands.reaching import NotThere, ask, broker_queue
from servey_sched.commands.watching import watch

_ALIVE: tuple[JobState, ...] = ("running", "ready", "delayed")

_queue_option = click.option("--queue", "name", metavar="QUEUE", help="Of this queue alone.")
_limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="How many jobs of a state at most.",
)


@click.group(cls=ListGroup)
def jobs() -> None:
    """List background jobs, and retry, cancel or purge them.

    Without a command, `servey jobs list`.
    """


@jobs.command("list", short_help="List queues, and jobs that run or wait.")
@with_runtime
@click.option("--state", type=click.Choice(get_args(JobState)), help="Jobs in this state alone.")
@_queue_option
@_limit_option
@click.option("--watch", "watched", is_flag=True, help="Show what changes, until Ctrl-C.")
@json_option
def list_(  # noqa: PLR0913 - each is an option
    runtime: Runtime,
    *,
    state: JobState | None,
    name: str | None,
    limit: int,
    watched: bool,
    as_json: bool,
) -> None:
    """List the queues with their sizes, the running jobs, and those that come next."""
    queue = broker_queue(runtime)
    states = _ALIVE if state is None else (state,)

    async def look() -> Listing:
        return await listing_of(queue, states, name, limit)

    if watched:
        lines, redraw = _json_line if as_json else _block, sys.stdout.isatty() and not as_json
        ask(runtime, lambda: watch(look, lines, redraw=redraw))
    listing = ask(runtime, look)
    if as_json:
        print_json(listing.to_dict())
    else:
        click.echo("\n".join(listing_lines(listing, datetime.now(UTC))))


@jobs.command(short_help="Show all that is known of a job.")
@click.argument("job_id", metavar="ID")
@with_runtime
@json_option
def show(runtime: Runtime, *, job_id: str, as_json: bool) -> None:
    """Show all that is known of a job: its arguments, its options, and how it is or ended.

    What looks like a secret is masked.
    """
    queue = broker_queue(runtime)
    details = ask(runtime, lambda: details_of(queue, job_id))
    if details is None:
        raise NotThere(
            f"Nothing is known of a job {job_id}: there was none, or it is done, and its result "
            "was not kept or is gone."
        )
    if as_json:
        print_json(details_json(details))
    else:
        click.echo("\n".join(details_lines(details, datetime.now(UTC))))


@jobs.command(short_help="List the dead letters.")
@with_runtime
@_queue_option
@_limit_option
@json_option
def dead(runtime: Runtime, *, name: str | None, limit: int, as_json: bool) -> None:
    """List the dead letters: jobs that are not tried any more, the last one first."""
    queue = broker_queue(runtime)
    listing = ask(runtime, lambda: listing_of(queue, ("dead",), name, limit))
    if as_json:
        print_json(listing.to_dict()["jobs"])
    elif listing.dead:
        click.echo("\n".join(dead_lines(listing, datetime.now(UTC))))
    else:
        click.echo("There are no dead letters.")


jobs.add_command(retry)
jobs.add_command(cancel)
jobs.add_command(purge)


def _block(listing: Listing) -> list[str]:
    return [*listing_lines(listing, datetime.now(UTC)), ""]


def _json_line(listing: Listing) -> list[str]:
    return [json.dumps(listing.to_dict(), ensure_ascii=False)]
