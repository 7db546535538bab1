"""`[tool.servey]` in the `pyproject.toml` of the working folder."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from servey_core.errors import SettingsError


def pyproject_table() -> Mapping[str, object]:
    """The table; empty where there is none.

    Raises:
        SettingsError: The file cannot be read.
    """
    file = Path("pyproject.toml")
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file.resolve()} cannot be read: {error}.") from error
    table = document.get("tool", {}).get("servey", {})
    if not isinstance(table, dict):
        raise SettingsError(f"{file.resolve()}: [tool.servey] is no table, but {table!r}.")
    return table
