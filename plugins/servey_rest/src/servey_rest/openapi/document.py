"""The document as a whole."""

import json
from typing import Any

from servey_core import Runtime
from servey_core.triggers import WebTrigger
from servey_rest.openapi.answers import PROBLEM, PROBLEM_SCHEMA, problem_components
from servey_rest.openapi.operations import Operations, operation_ids
from servey_rest.openapi.schemas import Schemas
from servey_rest.openapi.security import security_schemes
from servey_rest.paths import path_of, path_parameters
from servey_rest.plans import web_bindings
from servey_rest.settings import api_info
from servey_web import parameter_of, web_settings

VERSION = "3.1.1"

_METHODS = frozenset(("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"))
"""The methods that OpenAPI 3.1 has a place for."""


def openapi_text(runtime: Runtime, root_path: str | None = None) -> str:
    """The document as text, always the same for the same application.

    Args:
        runtime: The application.
        root_path: The path that the application stands under; None for what the settings say.
    """
    return json.dumps(openapi_document(runtime, root_path), indent=2, ensure_ascii=False) + "\n"


def openapi_document(runtime: Runtime, root_path: str | None = None) -> dict[str, Any]:
    """The document as JSON values.

    Args:
        runtime: The application.
        root_path: The path that the application stands under; None for what the settings say.
    """
    root_path = web_settings(runtime).root_path if root_path is None else root_path
    names = dict.fromkeys(binding.action.name for binding in web_bindings(runtime))
    schemas = Schemas({name: runtime.invoker(name).signature for name in names})
    schemes = security_schemes(runtime, root_path)
    problem = PROBLEM if PROBLEM not in schemas.definitions else f"Servey{PROBLEM}"
    paths = _paths(runtime, Operations(runtime, schemas, schemes, problem))
    definitions = {**schemas.definitions, problem: PROBLEM_SCHEMA}
    return {
        "openapi": VERSION,
        "info": _info(runtime),
        **({"servers": [{"url": root_path}]} if root_path else {}),
        "paths": paths,
        "components": {
            "schemas": dict(sorted(definitions.items())),
            "responses": _used(problem_components(problem), paths),
            "securitySchemes": schemes,
        },
    }


def _info(runtime: Runtime) -> dict[str, str]:
    api = api_info(runtime)
    described = {"description": api.description} if api.description else {}
    return {"title": api.title, "version": api.version, **described}


def _used(components: dict[str, Any], paths: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(paths)
    return {name: one for name, one in components.items() if f'/responses/{name}"' in text}


def _paths(runtime: Runtime, operations: Operations) -> dict[str, Any]:
    bindings = list(web_bindings(runtime))
    paths: dict[str, dict[str, Any]] = {}
    written: dict[str, str] = {}
    for binding, operation_id in zip(bindings, operation_ids(bindings), strict=True):
        assert isinstance(binding.trigger, WebTrigger)  # noqa: S101 - they all are
        if binding.trigger.method not in _METHODS:
            continue
        own = path_of(binding)
        path = written.setdefault(_template(own), own)
        called = dict(zip(path_parameters(own), path_parameters(path), strict=True))
        described = operations.describe(binding, operation_id, called)
        paths.setdefault(path, {})[binding.trigger.method.lower()] = described
    return paths


def _template(path: str) -> str:
    """The path without its parameters' names: OpenAPI takes two such paths for one."""
    return "/".join("{}" if parameter_of(part) else part for part in path.split("/"))
