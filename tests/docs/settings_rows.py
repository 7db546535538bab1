"""The rows of `docs/settings.md`, made from the settings themselves.

`python tests/docs/settings_rows.py` prints them, to be pasted.
"""

from collections.abc import Iterator

from pydantic_core import PydanticUndefined

from servey_core.runtime import load
from servey_core.settings import SettingsGroup


def rows() -> dict[str, list[str]]:
    """The rows of each package's table: those of the groups that it declares."""
    settings, _ = load()
    tables: dict[str, list[str]] = {}
    for group in settings.groups:
        tables.setdefault(group.__module__.partition(".")[0], []).extend(_rows(group))
    return tables


def _rows(group: type[SettingsGroup]) -> Iterator[str]:
    for name, info in group.model_fields.items():
        newest, *older = (f"`{variable}`" for variable in group.variables(name))
        variables = newest + "".join(f", also {variable}" for variable in older)
        yield f"| {variables} | {_default(info.default)} | {info.description} |"


def _default(value: object) -> str:
    if value in (None, PydanticUndefined, (), ""):
        return "-"
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    for package, lines in rows().items():
        print(f"\n## {package.replace('_', '-')}\n")
        print("| Variable | Default | What it does |\n|---|---|---|", *lines, sep="\n")
