"""FastAPI's own routes in the document, beside the actions.

FastAPI describes them. It is told of problems, which are what is answered, and of who may call.
"""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from fastapi.openapi.models import PathItem
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute

from servey_core import AccessControl, InvalidInput, PermissionDenied, Unauthorized
from servey_core.access import AllOf
from servey_core.json_schemas import PROBLEM
from servey_rest.dependencies import Requirement, current_authorization
from servey_rest.openapi.answers import problem_components
from servey_rest.openapi.merging import free_name, merged
from servey_rest.openapi.security import DEBUG_LOGIN
from servey_rest.routers import single_routes

Json = dict[str, Any]

_NEVER_SENT = ("HTTPValidationError", "ValidationError")
"""What FastAPI says of invalid input, and what that is made of."""


def with_routes(document: Json, routes: Sequence[BaseRoute]) -> Json:
    """The document with the operations of FastAPI's routes in it.

    Args:
        document: The document of the actions.
        routes: FastAPI's routes; those that it does not describe are passed over.
    """
    described = _described(routes)
    if not described["paths"]:
        return document
    given, guards = described.get("components", {}), _guards(routes)
    schemes = _with_scopes(document["components"]["securitySchemes"], guards)
    names = {name: free_name(name, schemes, "_") for name in given.get("securitySchemes", {})}
    paths: dict[str, Json] = {}
    for path, item in described["paths"].items():
        for method in item.keys() & PathItem.model_fields:  # others have no place in a document
            guard = guards.get((path, method))
            operation = _with_security(item[method], names, guard, schemes)
            paths.setdefault(path, {})[method] = _with_problems(operation, guard)
    other = {
        "paths": paths,
        "components": {
            "schemas": _sent(given.get("schemas", {}), json.dumps(paths)),
            "responses": _referred_to(problem_components(), json.dumps(paths)),
            "securitySchemes": {
                **schemes,
                **{names[name]: one for name, one in given.get("securitySchemes", {}).items()},
            },
        },
    }
    return merged(document, other)


def _described(routes: Sequence[BaseRoute]) -> Json:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Duplicate Operation ID")  # each gets one of its own
        described: Json = get_openapi(title="", version="", routes=routes)
    return described


def _guards(routes: Sequence[BaseRoute]) -> dict[tuple[str, str], AccessControl]:
    """What decides who may call, by path and method, for operations that ask who calls."""
    guards: dict[tuple[str, str], AccessControl] = {}
    for route in single_routes(routes):
        calls = list(_dependencies(getattr(route, "dependant", None)))
        if current_authorization in calls:
            controls = (one.access_control for one in calls if isinstance(one, Requirement))
            guard = AllOf(tuple(controls))
            guards.update({(route.path_format, one.lower()): guard for one in route.methods})
    return guards


def _dependencies(dependant: Any) -> Iterator[Any]:
    for one in getattr(dependant, "dependencies", ()):
        yield one.call
        yield from _dependencies(one)


def _with_scopes(schemes: Json, guards: Mapping[Any, AccessControl]) -> Json:
    """The security schemes, one of which lists the scopes that it can give."""
    if DEBUG_LOGIN not in schemes:
        return schemes
    login = schemes[DEBUG_LOGIN]
    flow = login["flows"]["password"]
    asked = {
        s for guard in guards.values() for several in guard.scope_alternatives for s in several
    }
    scopes = dict.fromkeys(sorted({*flow["scopes"], *asked}), "")
    return {**schemes, DEBUG_LOGIN: {**login, "flows": {"password": {**flow, "scopes": scopes}}}}


def _with_security(
    operation: Json, names: Mapping[str, str], guard: AccessControl | None, schemes: Json
) -> Json:
    """The operation with what it asks of callers: FastAPI's part, and ours together with it."""
    asked = [
        {names[name]: scopes for name, scopes in one.items()}
        for one in operation.get("security", ())
    ]
    if guard is not None:
        alternatives = [sorted(scopes) for scopes in guard.scope_alternatives]
        ours: list[Json] = [{name: scopes} for scopes in alternatives for name in schemes]
        ours = [{}, *ours] if guard.public else ours
        asked = [{**one, **other} for one, other in product(asked or [{}], ours)]
    return {**operation, "security": asked} if asked else operation


def _with_problems(operation: Json, guard: AccessControl | None) -> Json:
    """The operation with the refusals that it answers, beside those that its author says."""
    answers = {status: _of_this_version(one) for status, one in operation["responses"].items()}
    if _NEVER_SENT[0] in json.dumps(answers.get("422")):
        answers["422"] = _response(InvalidInput.__name__)
    if guard is not None and not guard.public:
        for kind in (Unauthorized, PermissionDenied):
            answers.setdefault(str(kind.status), _response(kind.__name__))
    answers.setdefault("default", _response(PROBLEM))
    return {**operation, "responses": dict(sorted(answers.items()))}


def _of_this_version(answer: Json) -> Json:
    """The answer without what OpenAPI has only from 3.2 on, in which FastAPI is early."""
    content = answer.get("content", {})
    kept = {
        kind: {"x-itemSchema" if key == "itemSchema" else key: part for key, part in one.items()}
        for kind, one in content.items()
    }
    return {**answer, "content": kept} if content else answer


def _response(name: str) -> Json:
    return {"$ref": f"#/components/responses/{name}"}


def _referred_to(responses: Json, text: str) -> Json:
    return {name: one for name, one in responses.items() if f'/responses/{name}"' in text}


def _sent(schemas: Json, text: str) -> Json:
    """The schemas without FastAPI's own, unless something refers to them after all."""
    for name in _NEVER_SENT:
        kept = {one: schema for one, schema in schemas.items() if one != name}
        if f'/schemas/{name}"' not in text + json.dumps(kept):
            schemas = kept
    return schemas
