"""The command line: `servey`, or `python -m servey_core`."""

import click

from servey_core.cli.group import ServeyGroup


@click.group(cls=ServeyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="servey-core", prog_name="servey")
def command_line() -> None:
    """Serve typed Python functions on every surface, and run them here."""


def main() -> None:
    """Run the command line; the entry point of the script `servey`."""
    command_line()


__all__ = ["command_line", "main"]
