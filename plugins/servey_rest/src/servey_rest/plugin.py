"""The plugin: what is slow to import is imported by the hook that needs it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from servey_core import Generator, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pluggy

    from servey_core import Artifact, Runtime, SettingsGroup, Surface
    from servey_web import WebMount, WebRoute


@hookimpl
def servey_add_hookspecs(pluginmanager: "pluggy.PluginManager") -> None:
    """The hook `servey_fastapi_routers`."""
    from servey_rest import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@hookimpl
def servey_settings() -> "Iterable[type[SettingsGroup]]":
    """The names that the API goes by."""
    from servey_rest.settings import RestSettings

    return [RestSettings]


@hookimpl
def servey_web_routes(runtime: "Runtime") -> "Iterable[WebRoute | WebMount]":
    """A route for each web trigger, FastAPI's own, and the FastAPI application behind them."""
    from servey_rest.app import rest_contributions

    return rest_contributions(runtime)


@hookimpl
def servey_generators() -> Iterable[Generator]:
    """The generator `openapi`."""
    return [Generator("openapi", "The REST API as an OpenAPI 3.1 document.", _openapi)]


@hookimpl
def servey_surfaces(runtime: "Runtime") -> "Iterable[Surface]":
    """The surface `rest`."""
    from servey_rest.surface import rest_surfaces

    return rest_surfaces(runtime)


def _openapi(runtime: "Runtime") -> "Sequence[Artifact]":
    from servey_core import Artifact
    from servey_rest.openapi import openapi_text

    return [Artifact("openapi.json", openapi_text(runtime))]
