"""The plugin: what is slow to import is imported by the hook that needs it."""

from typing import TYPE_CHECKING

from servey_core import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servey_core import SettingsGroup


@hookimpl
def servey_settings() -> "Iterable[type[SettingsGroup]]":
    """Where the API stands, and what it takes."""
    from servey_graphql.settings import GraphqlSettings

    return [GraphqlSettings]
