"""The document as a whole."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.routing import BaseRoute

from servey_core import Runtime
from servey_core.json_schemas import PROBLEM, PROBLEM_SCHEMA
from servey_core.triggers import WebTrigger
from servey_rest.openapi.answers import problem_components
from servey_rest.openapi.foreign import with_routes
from servey_rest.openapi.operations import Operations, operation_ids
from servey_rest.openapi.schemas import Schemas
from servey_rest.openapi.security import security_schemes
from servey_rest.plans import web_bindings
from servey_rest.routers import included_routers
from servey_rest.settings import api_info
from servey_web import parameter_of, path_parameters, web_settings

VERSION = "3.1.1"

_METHODS = frozenset(("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"))
"""The methods that OpenAPI 3.1 has a place for."""


def openapi_text(
    runtime: Runtime,
    root_path: str | None = None,
    routes: Sequence[BaseRoute] | None = None,
) -> str:
    """The document as text, always the same for the same application.

    Args:
        runtime: The application.
        root_path: The path that the application stands under; None for what the settings say.
        routes: FastAPI's routes; None for those of the routers that are there.
    """
    document = openapi_document(runtime, root_path, routes)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def openapi_document(
    runtime: Runtime,
    root_path: str | None = None,
    routes: Sequence[BaseRoute] | None = None,
) -> dict[str, Any]:
    """The document as JSON values.

    Args:
        runtime: The application.
        root_path: The path that the application stands under; None for what the settings say.
        routes: FastAPI's routes; None for those of the routers that are there.
    """
    root_path = web_settings(runtime).root_path if root_path is None else root_path
    names = dict.fromkeys(binding.action.name for binding in web_bindings(runtime))
    schemas = Schemas({name: runtime.invoker(name).signature for name in names}, (PROBLEM,))
    schemes = security_schemes(runtime, root_path)
    paths = _paths(runtime, Operations(runtime, schemas, schemes))
    document = {
        "openapi": VERSION,
        "info": _info(runtime),
        "servers": [{"url": root_path or "/"}],
        "security": [],
        "paths": paths,
        "components": {
            "schemas": {**schemas.definitions, PROBLEM: PROBLEM_SCHEMA},
            "responses": _used(problem_components(), paths),
            "securitySchemes": schemes,
        },
    }
    routes = included_routers(runtime).routes if routes is None else routes
    return _without_unused_schemes(with_routes(document, routes))


def _info(runtime: Runtime) -> dict[str, str]:
    api = api_info(runtime)
    described = {"description": api.description} if api.description else {}
    return {"title": api.title, "version": api.version, **described}


def _used(components: dict[str, Any], paths: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(paths)
    return {name: one for name, one in components.items() if f'/responses/{name}"' in text}


def _without_unused_schemes(document: dict[str, Any]) -> dict[str, Any]:
    """The document with those security schemes that an operation asks for."""
    operations = (one for item in document["paths"].values() for one in item.values())
    used = {name for one in operations for asked in one.get("security", ()) for name in asked}
    schemes = document["components"]["securitySchemes"]
    kept = {name: scheme for name, scheme in schemes.items() if name in used}
    return {**document, "components": {**document["components"], "securitySchemes": kept}}


def _paths(runtime: Runtime, operations: Operations) -> dict[str, Any]:
    bindings = list(web_bindings(runtime))
    paths: dict[str, dict[str, Any]] = {}
    written: dict[str, str] = {}
    for binding, operation_id in zip(bindings, operation_ids(bindings), strict=True):
        assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - they all are
        if binding.trigger.method not in _METHODS:
            continue
        own = binding.trigger.path_for(binding.action)
        path = written.setdefault(_template(own), own)
        called = dict(zip(path_parameters(own), path_parameters(path), strict=True))
        described = operations.describe(binding, operation_id, called)
        paths.setdefault(path, {})[binding.trigger.method.lower()] = described
    return paths


def _template(path: str) -> str:
    """The path without its parameters' names: OpenAPI takes two such paths for one."""
    return "/".join("{}" if parameter_of(part) else part for part in path.split("/"))
