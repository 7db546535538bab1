"""`servey run NAME`: a command for each action, made from its signature."""

import shlex
from collections.abc import Sequence
from secrets import token_hex
from typing import Any

import click
import docstring_parser

from servey_core.actions import Action
from servey_core.cli import exits
from servey_core.cli.application import Session, actions_option, runtime_of
from servey_core.cli.calling import Call, event_bytes, invoker_named
from servey_core.cli.credentials import AuthorizationType, Credentials
from servey_core.cli.options import ArgumentOption, argument_options
from servey_core.invocation import Invoker
from servey_core.runtime import Runtime

HELP = """Run one action, and write its result to stdout as JSON.

The arguments are given as options, which `servey run NAME --help` lists, or all at once as a JSON
object: --event '{"name": "World"}'. Options of the command itself are the same for each action.

A problem is written to stderr in words; with --json, to stdout as an object (RFC 9457)."""

_EXITS = "\n".join(
    ["\b", "Exit status:", *(f"  {code:<4}{text}" for code, text in exits.MEANINGS.items())]
)


class RunGroup(click.Group):
    """Makes the command for an action when it is asked for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Start the application, and make a command of the action that is named."""
        name, *rest = args
        runtime = runtime_of(ctx, _action_path(rest) or ctx.params["action_path"])
        return name, action_command(runtime, invoker_named(ctx, runtime, name)), rest


@click.group(
    cls=RunGroup,
    help=HELP,
    epilog=_EXITS,
    short_help="Run one action.",
    subcommand_metavar="NAME [OPTIONS OF THE ACTION]",
    invoke_without_command=True,
    no_args_is_help=True,
)
@actions_option
@click.pass_context
def run(context: click.Context, action_path: str | None) -> None:  # noqa: ARG001 - it is in params
    """Run one action."""
    if context.invoked_subcommand is None:
        context.fail("Which action? `servey actions` lists them.")


def action_command(runtime: Runtime, invoker: Invoker) -> click.Command:
    """The command that runs one action."""
    arguments = argument_options(invoker.signature)

    @click.pass_context
    def call(context: click.Context, /, **values: Any) -> None:
        session = context.ensure_object(Session)
        context.exit(_call(context, invoker, arguments, values).run(session, runtime))

    return click.Command(
        invoker.action.name,
        callback=call,
        params=[*arguments, *_own_options(invoker.action)],
        help=_help(invoker.action),
        epilog=_examples(invoker),
    )


def _own_options(action: Action) -> list[click.Parameter]:
    key = click.Option(["--idempotency-key"], help="A name for the call, whichever try it is.")
    return [
        *([key] if action.idempotency else []),
        click.Option(["--event"], metavar="JSON", help="All arguments; `-` reads them from stdin."),
        click.Option(["--token"], help="Call with a token."),
        click.Option(
            ["--as", "authorization"],
            type=AuthorizationType(),
            help="""Call as somebody, such as '{"subject": "ann", "scopes": ["root"]}'.""",
        ),
        click.Option(
            ["--json", "as_json"], is_flag=True, help="Write a problem to stdout, as JSON."
        ),
        click.Option(["--actions"], metavar="MODULE", help="Where the actions are."),
    ]


def _call(
    context: click.Context,
    invoker: Invoker,
    arguments: Sequence[ArgumentOption],
    values: dict[str, Any],
) -> Call:
    pairs = [pair for one in arguments for pair in one.pairs(values[one.name or ""])]
    event = values["event"]
    if event is not None and pairs:
        context.fail("Give the arguments by --event or by options, not by both.")
    credentials = Credentials(values["token"], values["authorization"])
    if credentials.token is not None and credentials.authorization is not None:
        context.fail("Give --token or --as, not both.")
    signature, last = invoker.signature, (credentials, values["as_json"], _key(invoker, values))
    if event is None:
        return Call(invoker, signature.from_texts, pairs, *last)
    return Call(invoker, signature.from_json, event_bytes(event), *last)


def _key(invoker: Invoker, values: dict[str, Any]) -> str | None:
    """The idempotency key; made up where the action needs one, for a call without repeat."""
    rule = invoker.action.idempotency
    key: str | None = values.get("idempotency_key")
    return token_hex(16) if key is None and rule is not None and rule.required else key


def _action_path(arguments: Sequence[str]) -> str | None:
    """The value of `--actions`, which must be known before the other options are."""
    for index, argument in enumerate(arguments):
        if argument == "--":
            break
        if argument.startswith("--actions="):
            return argument.partition("=")[2]
        if argument == "--actions" and index + 1 < len(arguments):
            return arguments[index + 1]
    return None


def _help(action: Action) -> str:
    text = docstring_parser.parse(action.description).description or ""
    return f"{text}\n\nDeprecated." if action.deprecated else text


def _examples(invoker: Invoker) -> str:
    lines = [
        f"  servey run {invoker.action.name} --event {shlex.quote(_event(invoker, example.params))}"
        for example in invoker.action.examples
        if example.include_in_schema
    ]
    return "\n".join(["\b", "Examples:", *lines]) if lines else ""


def _event(invoker: Invoker, params: Any) -> str:
    return invoker.signature.arguments_to_json(params).decode()
