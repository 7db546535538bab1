"""`servey enqueue NAME`: an action, sent to the background."""

import json
from typing import Any

import click

from servey_core import ProblemError
from servey_core.cli.application import Session, actions_option, runtime_of
from servey_core.cli.calling import event_bytes, invoker_named, refuse, write
from servey_core.cli.credentials import AuthorizationType
from servey_core.cli.exits import OK
from servey_core.enqueueing import order_job
from servey_sched.commands.moments import MomentType, SecondsType
from servey_sched.commands.reaching import lasting_queue
from servey_sched.commands.sending import require_replies, send, send_and_wait

_KEPT_SECONDS = 3600.0
"""For how long a result is kept that is waited for, where nobody says."""

_AS_LONG_AS_IT_TAKES = -1.0


class _EnqueueCommand(click.Command):
    """Says how arguments are given, where one comes as an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if not error.option_name.startswith("--"):
                raise
            ctx.fail(
                f"{error.format_message()} The action's arguments are given all at once: "
                """--event '{"name": "World"}'."""
            )


@click.command(cls=_EnqueueCommand)
@click.argument("name")
@click.option("--event", metavar="JSON", help="All arguments; `-` reads them from stdin.")
@click.option("--delay", type=SecondsType(), help="After how long it may start.")
@click.option("--at", type=MomentType(), help="When it may start, instead; with its time zone.")
@click.option("--priority", type=int, metavar="N", help="Jobs with smaller numbers go first.")
@click.option("--idempotency-key", metavar="KEY", help="A name for it, whichever try it is.")
@click.option("--keep-result", type=SecondsType(), help="For how long its result is kept.")
@click.option(
    "--as",
    "authorization",
    type=AuthorizationType(),
    help="""For whom it runs, such as '{"subject": "ann", "scopes": ["root"]}'.""",
)
@click.option(
    "--wait",
    type=SecondsType(),
    is_flag=False,
    flag_value=_AS_LONG_AS_IT_TAKES,
    metavar="[SECONDS]",
    help="Wait for the result, at most so long, and write it to stdout.",
)
@click.option("--json", "as_json", is_flag=True, help="Write the job, or a problem, as JSON.")
@actions_option
@click.pass_context
def enqueue(  # noqa: PLR0913 - what can be said of a job
    context: click.Context,
    /,
    name: str,
    event: str | None,
    wait: float | None,
    action_path: str | None,
    *,
    as_json: bool,
    **options: Any,
) -> None:
    """Send an action to the background, and write the job's id to stdout.

    With --wait it is run by a worker all the same, and its result goes to stdout as JSON instead;
    a problem goes to stderr in words.
    """
    session = context.ensure_object(Session)
    runtime = runtime_of(context, action_path)
    invoker = invoker_named(context, runtime, name)
    queue = lasting_queue(runtime)
    if wait is not None:
        require_replies(runtime)
        if options["keep_result"] is None and invoker.action.background.keep_result is None:
            options["keep_result"] = _KEPT_SECONDS
        elif options["keep_result"] == 0:
            context.fail("--keep-result 0 keeps no result to --wait for.")
    try:
        arguments = invoker.signature.from_json(event_bytes("{}" if event is None else event))
        order = order_job(runtime, invoker.action.name, arguments, **options)
        if wait is None:
            send(runtime, queue, order)
            told = {"id": order.id, "action": order.action.name}
            body = (json.dumps(told) if as_json else order.id).encode()
        else:
            timeout = None if wait == _AS_LONG_AS_IT_TAKES else wait
            body = send_and_wait(runtime, queue, order, timeout)
    except ProblemError as error:
        context.exit(refuse(session, runtime, error, "", as_json=as_json))
    except ValueError as error:
        context.fail(str(error))
    write(session, body)
    context.exit(OK)
