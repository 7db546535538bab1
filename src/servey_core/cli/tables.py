"""Lists for people, as tables, and for programs, as JSON."""

import json
import shutil
import sys
from collections.abc import Sequence
from typing import Any

import click

_GAP = "  "
_NARROWEST = 20

json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


def print_json(value: Any) -> None:
    """Write a value as JSON, for a program."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write rows under headings; on a terminal, the last column is cut to fit."""
    for line in table_lines(headings, rows):
        click.echo(line)


def table_lines(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows under headings, a line for each; on a terminal, the last column is cut to fit."""
    cells = [tuple(heading.upper() for heading in headings), *rows]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings) - 1)]
    room = max(_NARROWEST, _terminal_width() - sum(widths) - len(_GAP) * len(widths))
    return [
        _GAP.join(
            [
                *(cell.ljust(width) for cell, width in zip(row, widths, strict=False)),
                _cut(row[-1], room),
            ]
        ).rstrip()
        for row in cells
    ]


def _terminal_width() -> int:
    """How wide the terminal is; where stdout is none, as wide as it takes."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 1 << 16


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1]}…"
