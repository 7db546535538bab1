"""`servey config`: every setting, and where its value comes from."""

from typing import Any

import click
from pydantic_core import to_jsonable_python

from servey_core.cli.tables import json_option, print_json, print_table
from servey_core.runtime import load
from servey_core.settings import SettingValue


@click.command()
@json_option
def config(*, as_json: bool) -> None:
    """List every setting: its value, where that comes from, and the variable that sets it."""
    settings, plugins = load()
    unknown = list(settings.unknown())
    if as_json:
        print_json({"settings": [_row(one) for one in settings], "unknown": unknown})
        return
    headings = ("setting", "value", "origin", "variable", "description")
    print_table(headings, [list(map(_cell, _row(one).values())) for one in settings])
    for trouble in (*unknown, *(str(one.error) for one in plugins.all if one.error)):
        click.echo(f"warning: {trouble}", err=True)


def _row(one: SettingValue) -> dict[str, Any]:
    return {
        "setting": one.name,
        "value": to_jsonable_python(one.value, fallback=str),
        "origin": one.origin,
        "variable": one.variable,
        "description": one.description,
    }


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value)) or "-"
    return "-" if value is None else str(value)
