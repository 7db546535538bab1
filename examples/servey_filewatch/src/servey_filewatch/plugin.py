"""What this distribution adds to Servey."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from servey_core import Command, hookimpl

if TYPE_CHECKING:
    import click

    from servey_core import Runtime, Service, SettingsGroup


@hookimpl
def servey_settings() -> "Iterable[type[SettingsGroup]]":
    """The setting `filewatch_debounce_ms`."""
    from servey_filewatch.settings import FilewatchSettings

    return [FilewatchSettings]


@hookimpl
def servey_services(runtime: "Runtime") -> "Iterable[Service]":
    """The service `filewatch`, where an action has a trigger for it."""
    from servey_filewatch.checking import file_bindings
    from servey_filewatch.watching import filewatch_service

    return [filewatch_service(runtime)] if file_bindings(runtime) else []


@hookimpl
def servey_commands() -> Iterable[Command]:
    """The command `servey watched`."""
    return [Command("watched", "List the folders that are watched.", _watched)]


def _watched() -> "click.Command":
    from servey_filewatch.command import watched

    return watched
