"""The hook that the REST surface adds to the core's."""
# mypy: disable-error-code="empty-body"

from typing import TYPE_CHECKING

from servey_core import hookspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastapi import APIRouter

    from servey_core import Runtime


@hookspec
def servey_fastapi_routers(runtime: "Runtime") -> "Iterable[APIRouter]":
    """Return FastAPI routers, whose routes stand beside the actions.

    Called by the REST surface as its FastAPI application is built, and as its OpenAPI document is
    generated. A route that an action leaves no room for is an error that names both.
    """
