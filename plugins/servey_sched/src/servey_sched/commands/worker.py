"""`servey worker`: background jobs, in processes of their own."""

from typing import Any

import click

from servey_core.cli.application import actions_option
from servey_core.cli.serve import Order, run_order
from servey_sched.worker.service import NAME


@click.command()
@actions_option
@click.option(
    "--processes", type=click.IntRange(min=1), default=1, metavar="N", help="How many processes."
)
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many functions that block each of them runs at once.",
)
@click.option(
    "--coroutines",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many coroutines each of them runs at once.",
)
@click.option("--queues", metavar="A,B", help="The queues to take jobs of.")
@click.pass_context
def worker(
    context: click.Context, /, action_path: str | None, processes: int, **settings: Any
) -> None:
    """Run background jobs, until SIGTERM or Ctrl-C; jobs that are not done go back."""
    order = Order(
        action_path=action_path,
        services=(NAME,),
        workers=processes if processes > 1 else None,
        settings={f"job_{name}": value for name, value in settings.items()},
    )
    context.exit(run_order(order))
