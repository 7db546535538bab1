"""`servey watched`: what is watched, for which actions."""

import click

from servey_core import Runtime, with_runtime
from servey_filewatch.checking import file_bindings


@click.command()
@with_runtime
def watched(runtime: Runtime) -> None:
    """List the folders that are watched: the files, their changes, and the actions."""
    for binding in file_bindings(runtime):
        click.echo(f"{binding.trigger} -> {binding.action.name}")
