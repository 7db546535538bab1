"""`servey jobs retry`, `cancel` and `purge`: what can be done about jobs."""

import sys
from collections.abc import Sequence

import click

from servey_core import JobState, Runtime, with_runtime
from servey_core.cli.exits import REFUSED
from servey_sched.brokers.base import Unsupported
from servey_sched.commands.reaching import ask, broker_queue
from servey_sched.queue import DramatiqQueue

_ids_argument = click.argument("job_ids", nargs=-1, metavar="ID...")


@click.command(short_help="Put dead letters back into their queues.")
@_ids_argument
@click.option("--all", "every", is_flag=True, help="All dead letters.")
@with_runtime
@click.pass_context
def retry(context: click.Context, runtime: Runtime, *, job_ids: Sequence[str], every: bool) -> None:
    """Put dead letters back into their queues, as if they were sent for the first time."""
    _require_some(context, job_ids, every=every)
    queue = broker_queue(runtime)

    async def retried() -> list[bool]:
        ids = _dead_ids(queue) if every else list(dict.fromkeys(job_ids))
        done = await queue.retry_many(ids)
        return [_told(job_id, job_id in done, "is tried again.") for job_id in ids]

    _end(context, ask(runtime, retried))


@click.command(short_help="Forget jobs that wait, and stop those that run.")
@_ids_argument
@with_runtime
@click.pass_context
def cancel(context: click.Context, runtime: Runtime, *, job_ids: Sequence[str]) -> None:
    """Forget jobs that have not started, and ask those that run to stop.

    A coroutine that runs is cancelled; a function in a thread is told, and stops where it looks.
    """
    if not job_ids:
        context.fail("Which jobs? Give their ids, as `servey jobs list` shows them.")
    queue = broker_queue(runtime)

    async def cancelled() -> list[bool]:
        return [await _cancel(queue, job_id) for job_id in job_ids]

    _end(context, ask(runtime, cancelled))


@click.command()
@_ids_argument
@click.option("--all", "every", is_flag=True, help="All dead letters.")
@click.option("--yes", is_flag=True, help="Do not ask, with --all.")
@with_runtime
@click.pass_context
def purge(
    context: click.Context, runtime: Runtime, *, job_ids: Sequence[str], every: bool, yes: bool
) -> None:
    """Forget dead letters for good."""
    _require_some(context, job_ids, every=every)
    queue = broker_queue(runtime)
    if every:
        _confirm(context, yes=yes)

    async def purged() -> list[bool]:
        if every:
            click.echo(f"{queue.broker.purge_dead()} dead letters are forgotten.")
            return []
        return [_told(one, bool(queue.broker.purge_dead(one)), "is forgotten.") for one in job_ids]

    _end(context, ask(runtime, purged))


async def _cancel(queue: DramatiqQueue, job_id: str) -> bool:
    """Cancel one job, and say what came of it; whether it was there."""
    before = await queue.status(job_id)
    done = await queue.cancel(job_id)
    after = await queue.status(job_id)
    if done:
        runs = any(one is not None and one.state is JobState.RUNNING for one in (before, after))
        click.echo(f"{job_id} {'runs, and is asked to stop.' if runs else 'is forgotten.'}")
    elif after is not None:
        click.echo(f"{job_id} has ended already: it {_ENDS[after.state]}.", err=True)
    elif _can_look(queue, job_id):
        click.echo(f"{job_id} is not there: there was none, or it has ended.", err=True)
    else:
        click.echo(f"{job_id} is not run by whichever worker gets it, if it is there.")
        return True
    return done


def _can_look(queue: DramatiqQueue, job_id: str) -> bool:
    """Whether the broker knows that there is no such job, rather than nothing at all."""
    try:
        queue.broker.find(job_id)
    except Unsupported:
        return False
    return True


_ENDS = {
    JobState.SUCCEEDED: "succeeded",
    JobState.CANCELLED: "was cancelled",
    JobState.FAILED: "failed, and may be among the dead letters",
}


def _told(job_id: str, done: bool, text: str) -> bool:  # noqa: FBT001 - what came of it
    if done:
        click.echo(f"{job_id} {text}")
    else:
        click.echo(f"{job_id} is not among the dead letters.", err=True)
    return done


def _dead_ids(queue: DramatiqQueue) -> list[str]:
    """Those that are dead now: one that dies again meanwhile is not tried for ever."""
    count = sum(size.dead for size in queue.broker.sizes().values())
    return [letter.id for letter in reversed(queue.broker.dead(limit=max(1, count)))]


def _require_some(context: click.Context, job_ids: Sequence[str], *, every: bool) -> None:
    if every == bool(job_ids):
        context.fail("Give ids, as `servey jobs dead` shows them, or else --all.")


def _confirm(context: click.Context, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        context.fail("--all forgets every dead letter for good. Where nobody can be asked: --yes")
    click.confirm("Forget all dead letters for good?", abort=True)


def _end(context: click.Context, done: Sequence[bool]) -> None:
    context.exit(0 if all(done) else REFUSED)
