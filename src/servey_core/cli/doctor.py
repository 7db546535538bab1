"""`servey doctor`: what is missing, broken or unsafe, and what to do about it."""

from collections.abc import Iterator

import click

from servey_core.cli.application import Session, actions_option, warnings_in_words
from servey_core.cli.checks import Finding, Level, check_runtime, check_settings
from servey_core.cli.exits import FAILED, OK
from servey_core.cli.tables import json_option, print_json
from servey_core.discovery import discover
from servey_core.errors import ConfigurationError
from servey_core.runtime import Runtime, load
from servey_core.tracebacks import place_of

_COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "red"}


@click.command()
@actions_option
@json_option
@click.pass_context
def doctor(context: click.Context, action_path: str | None, *, as_json: bool) -> None:
    """Say what is missing, broken or unsafe, and what to do about it.

    The exit status is 1 where something must be mended before the application can be served.
    """
    found = []
    for finding in _examine(context, action_path):
        found.append(finding)
        if not as_json:
            _print(finding)
    if as_json:
        print_json([{**_row(finding)} for finding in found])
    context.exit(FAILED if any(one.level is Level.FAIL for one in found) else OK)


def _examine(context: click.Context, action_path: str | None) -> Iterator[Finding]:
    try:
        settings, plugins = load()
    except ConfigurationError as error:
        yield Finding(Level.FAIL, "settings", str(error))
        return
    yield from check_settings(settings, plugins)
    try:
        with warnings_in_words():
            given = context.ensure_object(Session).runtime
            actions = () if given else discover(action_path or settings.core.action_path)
            runtime = given or Runtime.build(settings, plugins, actions)
    except ConfigurationError as error:
        yield Finding(Level.FAIL, "actions", str(error))
    except Exception as error:  # noqa: BLE001 - whatever the application's modules raise
        detail = (
            f"They cannot be imported: {error!r} ({place_of(error)}). `servey actions` has more."
        )
        yield Finding(Level.FAIL, "actions", detail)
    else:
        yield from check_runtime(runtime)


def _print(finding: Finding) -> None:
    level = click.style(f"{finding.level.value:<4}", fg=_COLOURS[finding.level])
    click.echo(f"{level}  {finding.subject}: {finding.detail}")


def _row(finding: Finding) -> dict[str, str]:
    return {
        "level": finding.level.value.lower(),
        "subject": finding.subject,
        "detail": finding.detail,
    }
