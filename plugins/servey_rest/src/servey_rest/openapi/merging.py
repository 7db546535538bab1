"""Two documents in one: the first keeps its names, and the second gives way."""

import re
from collections.abc import Container, Mapping
from typing import Any

from servey_core.json_schemas import REFERENCE

Json = dict[str, Any]

_PARAMETER = re.compile(r"\{([^}]*)\}")


def merged(document: Json, other: Json) -> Json:
    """The first document with what the second has beyond it.

    Args:
        document: The document that keeps the names of its schemas, operations and parameters.
        other: A document with `schemas`, `responses` and `securitySchemes` among its components;
            of the latter two, those of one name are the same.
    """
    own = document["components"]
    names: dict[str, str] = {}
    for name in other["components"]["schemas"]:
        names[name] = free_name(name, {*own["schemas"], *names.values()}, "-")
    references = {
        REFERENCE.format(model=name): REFERENCE.format(model=free) for name, free in names.items()
    }
    other = _replaced(other, references)
    given = other["components"]
    return {
        **document,
        "paths": _paths(document["paths"], other["paths"]),
        "components": {
            **own,
            "schemas": {**own["schemas"], **{names[n]: one for n, one in given["schemas"].items()}},
            "responses": dict(sorted({**own["responses"], **given["responses"]}.items())),
            "securitySchemes": {**own["securitySchemes"], **given["securitySchemes"]},
        },
    }


def free_name(name: str, taken: Container[str], dash: str) -> str:
    """The name, with a number after it where it is taken."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}{dash}{number}"
    return free


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    """The value with each text that is a key of `texts` replaced."""
    if isinstance(value, dict):
        return {key: _replaced(one, texts) for key, one in value.items()}
    if isinstance(value, list):
        return [_replaced(one, texts) for one in value]
    return texts.get(value, value) if isinstance(value, str) else value


def _paths(own: Json, given: Json) -> Json:
    paths = {path: dict(item) for path, item in own.items()}
    written = {_template(path): path for path in own}
    ids = {operation["operationId"] for item in own.values() for operation in item.values()}
    for path, item in given.items():
        called = written.setdefault(_template(path), path)
        parameters = dict(zip(_PARAMETER.findall(path), _PARAMETER.findall(called), strict=True))
        here = paths.setdefault(called, {})
        for method, operation in sorted(item.items()):
            if method not in here:  # an action that is in the way of only some of a route's paths
                here[method] = _operation(operation, method, parameters, ids)
    return paths


def _operation(operation: Json, method: str, parameters: Mapping[str, str], ids: set[str]) -> Json:
    """The operation, with an id of its own, and its path's parameters called as they are there."""
    operation = dict(operation)
    own = operation["operationId"]
    operation["operationId"] = own if own not in ids else free_name(f"{own}_{method}", ids, "_")
    ids.add(operation["operationId"])
    if "parameters" in operation:
        operation["parameters"] = [
            {**one, "name": parameters[one["name"]]} if one["in"] == "path" else one
            for one in operation["parameters"]
        ]
    return operation


def _template(path: str) -> str:
    """The path without its parameters' names: OpenAPI takes two such paths for one."""
    return _PARAMETER.sub("{}", path)
