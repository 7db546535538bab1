"""The FastAPI routers that stand beside the actions: those of the settings, and of plugins."""

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

from fastapi import APIRouter, routing
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from servey_core import Runtime, SettingsError
from servey_core.naming import did_you_mean
from servey_core.tracebacks import place_of
from servey_rest.settings import RestSettings

_SETTING = "SERVEY_FASTAPI_ROUTERS"


def included_routers(runtime: Runtime) -> APIRouter:
    """One router that has all of them: those that the setting names, and then those of plugins.

    Raises:
        SettingsError: The setting names what is no router.
        PluginError: A plugin gave something else.
    """
    named = runtime.settings.group(RestSettings).fastapi_routers
    given = runtime.plugins.collect("servey_fastapi_routers", APIRouter, runtime=runtime)
    whole = APIRouter(generate_unique_id_function=_unique_id)
    for router in (*map(_named, named), *(one.record for one in given)):
        whole.include_router(router)
    return whole


def single_routes(routes: Iterable[BaseRoute]) -> Iterator[Any]:
    """FastAPI's and Starlette's routes one by one, however deep they were included.

    Each has what a route has: `path`, `methods`, `endpoint`.
    """
    # Before FastAPI had this, it made new routes of a router's as it included it.
    one_by_one: Any = getattr(routing, "iter_route_contexts", iter)
    yield from one_by_one(routes)


def _unique_id(route: APIRoute) -> str:
    """What FastAPI would say, but always the same where a route has several methods."""
    words = re.sub(r"\W", "_", f"{route.name}{route.path_format}")
    return f"{words}_{min(route.methods or ('',)).lower()}"


def _named(reference: str) -> APIRouter:
    """The router that `module:attribute` names."""
    path, _, attribute = reference.partition(":")
    if not path or not attribute:
        raise SettingsError(
            f"{_SETTING}: {reference!r} is no module:attribute, such as myapp.api:router."
        )
    module = _module(path)
    router = getattr(module, attribute, None)
    if isinstance(router, APIRouter):
        return router
    known = [name for name, value in vars(module).items() if isinstance(value, APIRouter)]
    reason = f"is {router!r}, no APIRouter" if hasattr(module, attribute) else "is not there"
    hint = did_you_mean(attribute, known) or "There is no APIRouter in it."
    raise SettingsError(f"{_SETTING}: {attribute!r} of {module.__file__} {reason}. {hint}")


def _module(path: str) -> ModuleType:
    try:
        return import_module(path)
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and f"{path}.".startswith(f"{error.name}."):
            raise SettingsError(f"{_SETTING}: there is no module {error.name!r}.") from None
        place = place_of(error) or path
        raise SettingsError(
            f"{_SETTING}: {path!r} cannot be imported: {error!r} ({place})."
        ) from error
