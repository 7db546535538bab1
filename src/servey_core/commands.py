"""Commands that plugins add to the command line."""

from collections.abc import Callable
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the command line.

    Attributes:
        name: What it is called.
        help: What it does, in one line.
        load: Imports and gives the command; called only when it is used.
    """

    name: str
    help: str
    load: Callable[[], click.Command]
