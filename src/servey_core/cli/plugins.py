"""`servey plugins`: what is installed, and whether it works. It needs no application."""

from typing import Any

import click

from servey_core.cli.plugged import chosen_plugins
from servey_core.cli.tables import json_option, print_json, print_table
from servey_core.plugins import Plugin
from servey_core.tracebacks import place_of


@click.command()
@json_option
def plugins(*, as_json: bool) -> None:
    """List the plugins: where each comes from, the hooks it implements, and what is broken."""
    rows = [_row(plugin) for plugin in chosen_plugins().all]
    if as_json:
        print_json(rows)
        return
    cells = [list({**row, "hooks": ", ".join(row["hooks"])}.values())[:-1] for row in rows]
    print_table(("name", "state", "distribution", "version", "hooks"), cells)
    for row in rows:
        if row["cause"]:
            click.echo(f"\n{row['cause']}")


def cause_of(plugin: Plugin) -> str:
    """Why a plugin is broken, and where; empty for one that is not."""
    if plugin.error is None:
        return ""
    place = place_of(plugin.error.__cause__) if plugin.error.__cause__ else ""
    return f"{plugin.error} ({place})" if place else str(plugin.error)


def _row(plugin: Plugin) -> dict[str, Any]:
    broken = "BROKEN" if plugin.error else "loaded"
    return {
        "name": plugin.name,
        "state": "denied" if plugin.denied else broken,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "hooks": list(plugin.hooks),
        "cause": cause_of(plugin),
    }
