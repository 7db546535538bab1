"""Servey's actions as a REST API, with OpenAPI and a documentation page that needs no network.

Names are imported when they are first used.
"""

from typing import TYPE_CHECKING

from servey_core.lazy import lazy_names

if TYPE_CHECKING:
    from servey_rest.app import fastapi_app
    from servey_rest.dependencies import current_authorization, requires

_HOMES = {
    "app": ("fastapi_app",),
    "dependencies": ("current_authorization", "requires"),
}

if not TYPE_CHECKING:
    __getattr__ = lazy_names(__name__, _HOMES)

__all__ = ["current_authorization", "fastapi_app", "requires"]
