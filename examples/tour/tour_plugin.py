"""A plugin of the application's own: no distribution, only a setting that names this module."""

import logging
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from pydantic import Field

from servey_core import (
    WEB_GET,
    Action,
    Context,
    Example,
    Middleware,
    Settings,
    action,
    action_of,
    hookimpl,
)

_audit = logging.getLogger("tour.audit")

_UNITS = {"feet": 0.3048, "miles": 1609.344, "yards": 0.9144}


@hookimpl
def servey_actions(settings: Settings) -> Iterable[Action]:  # noqa: ARG001 - the hook gives it
    """One action for each unit of length."""
    converters = (_converter(unit, metres) for unit, metres in sorted(_UNITS.items()))
    return [found for one in converters if (found := action_of(one))]


@hookimpl
def servey_middleware(action: Action) -> Iterable[Middleware]:
    """An audit log of the calls of actions that not everybody may run."""
    return [] if action.access_control.public else [Middleware("audit", _auditor(action.name))]


def _converter(unit: str, metres: float) -> Callable[..., float]:
    @action(
        name=f"metres_from_{unit}",
        description=f"Convert a length in {unit} to metres.",
        triggers=WEB_GET,
        examples=Example("ten", {"length": 10}, result=10 * metres),
        sync_to_thread=False,
        tags="lengths",
    )
    def convert(length: Annotated[float, Field(ge=0, le=1e9)]) -> float:
        return length * metres

    return convert


def _auditor(name: str) -> Callable[..., Any]:
    def wrap(call: Callable[..., Any]) -> Callable[..., Any]:
        async def audited(arguments: dict[str, Any], context: Context) -> Any:
            who = context.authorization.subject if context.authorization else None
            _audit.info("%s runs %s by %s", who, name, context.surface)
            return await call(arguments, context)

        return audited

    return wrap
