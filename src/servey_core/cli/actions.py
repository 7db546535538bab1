"""`servey actions`: what there is to run."""

from pathlib import Path
from typing import Any

import click

from servey_core.access import AccessControl
from servey_core.actions import Action
from servey_core.cli.application import with_runtime
from servey_core.cli.tables import json_option, print_json, print_table
from servey_core.naming import kebab_case
from servey_core.runtime import Runtime


@click.command()
@with_runtime
@json_option
def actions(runtime: Runtime, *, as_json: bool) -> None:
    """List the actions: when and how each runs, who may run it, and where it is declared."""
    rows = [_row(action) for action in runtime.actions.values()]
    if as_json:
        print_json(rows)
        return
    cells = [list({**row, "triggers": ", ".join(row["triggers"])}.values()) for row in rows]
    print_table(("name", "triggers", "access", "declared", "description"), cells)


def described_access(control: AccessControl) -> str:
    """Who may run an action, in a word or a few."""
    alternatives = [" and ".join(sorted(scopes)) for scopes in control.scope_alternatives]
    if all(alternatives):
        return "scope " + " or ".join(alternatives)
    return kebab_case(type(control).__name__)


def nearby(place: str) -> str:
    """A place as `file:line`, from the working folder where it is below it."""
    file, _, line = place.rpartition(":")
    path = Path(file)
    here = Path.cwd()
    return f"{path.relative_to(here) if path.is_relative_to(here) else path}:{line}"


def _row(action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "triggers": [str(trigger) for trigger in action.triggers],
        "access": described_access(action.access_control),
        "declared": nearby(action.place),
        "description": next(iter(action.description.splitlines()), ""),
    }
