"""Where settings come from: the command line, the environment, and `pyproject.toml`."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import pydantic_settings
from pydantic import ValidationError

from servey_core.errors import SettingsError
from servey_core.pyproject import pyproject_table

if TYPE_CHECKING:
    from servey_core.settings import SettingsGroup

COMMAND_LINE = "command line"

GroupT = TypeVar("GroupT", bound="SettingsGroup")


def variable_set(group: "type[SettingsGroup]", name: str) -> str | None:
    """The environment variable that a setting is read from, if one is set."""
    present = {variable.upper() for variable, value in os.environ.items() if value}
    return next((one for one in group.variables(name) if one.upper() in present), None)


@dataclass(frozen=True)
class Sources:
    """What was given, and by whom.

    Attributes:
        given: The command line's values, by name; they win over all others.
        table: `[tool.servey]` in the `pyproject.toml` of the working folder.
    """

    given: Mapping[str, object]
    table: Mapping[str, object] = field(default_factory=pyproject_table)

    def read(self, group: type[GroupT], made_up: Mapping[str, object] | None = None) -> GroupT:
        """Read one group.

        Args:
            group: The group.
            made_up: Values for settings that nobody gave.

        Raises:
            SettingsError: A value cannot be used; it says which, and where it came from.
        """
        own: dict[str, Any] = {}
        for name in group.model_fields:
            if name in self.table and not variable_set(group, name):
                own[name] = self.table[name]
            for source in (self.given, made_up or {}):
                if name in source:
                    own[name] = source[name]
        return self._validated(group, own)

    def origin(self, group: "type[SettingsGroup]", name: str) -> str:
        """Where a value came from, for a person."""
        if name in self.given:
            return COMMAND_LINE
        if variable := variable_set(group, name):
            return f"environment variable {variable}"
        return "pyproject.toml" if name in self.table else "default"

    def _validated(self, group: type[GroupT], own: dict[str, Any]) -> GroupT:
        try:
            return group(**own)
        except ValidationError as error:
            raise SettingsError(self._explain(group, error)) from None
        except pydantic_settings.SettingsError as error:
            raise SettingsError(f"The settings {group.__qualname__}: {error}.") from None

    def _explain(self, group: "type[SettingsGroup]", error: ValidationError) -> str:
        lines = []
        for entry in error.errors(include_url=False, include_input=False, include_context=False):
            name = _field_name(group, str(entry["loc"][0])) if entry["loc"] else ""
            origin = self.origin(group, name) if name in group.model_fields else "the settings"
            lines.append(f"The setting {name!r} (from {origin}): {entry['msg']}.")
        return "\n".join(lines)


def _field_name(group: "type[SettingsGroup]", location: str) -> str:
    for name in group.model_fields:
        if location.lower() in (variable.lower() for variable in (*group.variables(name), name)):
            return name
    return location
