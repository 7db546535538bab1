"""Showing what changes, as it changes."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Sequence
from typing import NoReturn, TypeVar

import click

T = TypeVar("T")

EVERY = 0.5
"""How often is looked, in seconds."""

_CLEAR, _HOME, _END_OF_LINE, _BELOW = "\x1b[2J", "\x1b[H", "\x1b[K", "\x1b[J"


async def watch(
    look: Callable[[], Awaitable[T]], lines: Callable[[T], Sequence[str]], *, redraw: bool
) -> NoReturn:
    """Look again and again, until it is cancelled.

    Args:
        look: Looks.
        lines: What is seen, as lines of text; they may say how old something is.
        redraw: Whether the screen of a terminal is drawn anew each time. Otherwise what is seen is
            written where it differs from what was seen before.
    """
    seen: T | None = None
    if redraw:
        click.echo(_CLEAR, nl=False)
    while True:
        found = await look()
        if redraw:
            _draw(lines(found))
        elif found != seen:
            click.echo("\n".join(lines(found)))
        seen = found
        await asyncio.sleep(EVERY)


def _draw(lines: Sequence[str]) -> None:
    """Draw over what was drawn before: to clear the screen first would make it flicker."""
    height = shutil.get_terminal_size().lines
    fitting = lines if len(lines) < height else [*lines[: height - 2], "..."]
    click.echo(_HOME + "".join(f"{line}{_END_OF_LINE}\n" for line in fitting) + _BELOW, nl=False)
