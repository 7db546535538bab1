"""The web host's plugin."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

from servey_core import Command, WebPageTrigger, hookimpl

if TYPE_CHECKING:
    import click

    from servey_core import Runtime, Service, SettingsGroup, Surface
    from servey_web.routes import WebRoute


@hookimpl
def servey_add_hookspecs(pluginmanager: pluggy.PluginManager) -> None:
    """The hooks `servey_web_routes` and `servey_template_helpers`."""
    from servey_web import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


@hookimpl
def servey_settings() -> "Iterable[type[SettingsGroup]]":
    """The web host's settings."""
    from servey_web.settings import WebSettings

    return [WebSettings]


@hookimpl
def servey_services(runtime: "Runtime") -> "Iterable[Service]":
    """The service `web`."""
    from servey_web.application import web_service

    return [web_service(runtime)]


@hookimpl
def servey_commands() -> Iterable[Command]:
    """The command `servey routes`."""
    return [Command("routes", "List every route: its method, path, action and plugin.", _routes)]


@hookimpl
def servey_web_routes(runtime: "Runtime") -> "Iterable[WebRoute]":
    """The host's own routes."""
    from servey_web.application import own_routes

    return own_routes(runtime)


@hookimpl
def servey_surfaces(runtime: "Runtime") -> "Iterable[Surface]":
    """The surface `page`."""
    if not any(isinstance(one.trigger, WebPageTrigger) for one in runtime.bindings):
        return []
    from servey_web.pages.surface import page_surfaces

    return page_surfaces(runtime)


def _routes() -> "click.Command":
    from servey_web.command import routes

    return routes
