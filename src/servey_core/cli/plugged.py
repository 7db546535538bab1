"""The commands that plugins add, found without the cost of loading every setting.

Which plugins to load is read here by the same rules as `servey_core.settings` reads it, whose
import alone takes longer than all else that `servey --help` does; a test holds the two equal.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from servey_core.commands import Command
from servey_core.errors import ConfigurationError, SettingsError
from servey_core.plugins import Contribution, Plugins, load_plugins
from servey_core.pyproject import pyproject_table


@dataclass(frozen=True)
class Plugged:
    """What plugins add to the command line.

    Attributes:
        commands: Their commands, by name.
        troubles: What is broken, a line for each.
    """

    commands: Mapping[str, Contribution[Command]]
    troubles: Sequence[str] = ()


def plugged_commands() -> Plugged:
    """The commands of all plugins that can be loaded, and what is wrong with the others."""
    try:
        plugins = chosen_plugins()
        troubles = [str(plugin.error) for plugin in plugins.all if plugin.error]
    except ConfigurationError as error:
        return Plugged({}, [str(error)])
    try:
        return Plugged(plugins.collect_named("servey_commands", Command), troubles)
    except ConfigurationError as error:
        return Plugged({}, [*troubles, str(error)])


def chosen_plugins() -> Plugins:
    """Load the plugins that the settings choose.

    Raises:
        ConfigurationError: The settings that choose them cannot be read, or name an unknown one.
    """
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    return load_plugins(*chosen_names())


def chosen_names() -> tuple[tuple[str, ...], ...]:
    """The settings `plugins`, `plugins_deny` and `plugin_modules`.

    Raises:
        SettingsError: They cannot be read.
    """
    table = pyproject_table()
    names = ("plugins", "plugins_deny", "plugin_modules")
    return tuple(_words(name, _given(name) or table.get(name, ())) for name in names)


def _given(name: str) -> str:
    wanted = f"SERVEY_{name}".upper()
    return next((text for key, text in os.environ.items() if key.upper() == wanted), "")


def _words(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(word.strip() for word in value.split(",") if word.strip())
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise SettingsError(f"The setting {name!r} must be a list of names, not {value!r}.")
