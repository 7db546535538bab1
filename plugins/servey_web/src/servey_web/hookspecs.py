"""The hooks that the web host adds to the core's."""
# mypy: disable-error-code="empty-body"

from typing import TYPE_CHECKING

from servey_core import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from servey_core import Runtime
    from servey_web.routes import WebMount, WebRoute
    from servey_web.template_helpers import TemplateHelpers


@hookspec
def servey_web_routes(runtime: "Runtime") -> "Iterable[WebRoute | WebMount]":
    """Return routes and mounts, each with the bindings that it serves.

    Called by the web host as it is built, once. Routes go before mounts, and mounts with longer
    paths before those with shorter ones. A mount at "" hands over what it does not know to the
    application `scope["servey.fallback"]`, where there is one.
    """


@hookspec
def servey_template_helpers(runtime: "Runtime") -> "Iterable[TemplateHelpers]":
    """Return what the templates of pages may use: filters, tests and globals of Jinja's.

    Called by the web host as it makes templates ready, once, where the application has pages or
    static files.
    """
