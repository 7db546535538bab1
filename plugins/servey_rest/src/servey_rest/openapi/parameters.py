"""What an operation takes outside its body: parameters in path, query string and headers."""

from collections.abc import Mapping
from typing import Any

from servey_core import Signature
from servey_core.actions import Action
from servey_core.json_schemas import Schema
from servey_core.texts import Shape, shape_of
from servey_core.triggers import WebTrigger
from servey_rest.openapi.examples import parameter_examples
from servey_rest.openapi.schemas import Schemas
from servey_web import BODILESS, in_headers

JSON = "application/json"


def parameters_outside_body(
    action: Action,
    trigger: WebTrigger,
    signature: Signature,
    in_path: Mapping[str, str],
    schemas: Schemas,
) -> list[dict[str, Any]]:
    """The parameters in the path, the query string, headers and cookies.

    Args:
        action: The action.
        trigger: The trigger that it runs by.
        signature: What it takes.
        in_path: The parameters in the path, and what the document calls them.
        schemas: The schemas.
    """
    beside = in_headers(signature)
    rest = [name for name in signature.parameters if name not in in_path and name not in beside]
    in_query = rest if trigger.method in BODILESS else []
    return [
        *(path_parameter(action, signature, one, schemas, in_path[one]) for one in in_path),
        *(query_parameter(action, signature, one, schemas) for one in in_query),
        *(
            header_parameter(action, signature, one, schemas, called)
            for one, called in beside.headers.items()
        ),
        *(
            cookie_parameter(action, signature, one, schemas, called)
            for one, called in beside.cookies.items()
        ),
    ]


def path_parameter(
    action: Action, signature: Signature, name: str, schemas: Schemas, called: str
) -> dict[str, Any]:
    """A parameter in the path.

    Args:
        action: The action.
        signature: What it takes.
        name: The parameter's name.
        schemas: The schemas.
        called: Its name in the path as the document writes it.
    """
    described = _parameter(action, signature, name, schemas)
    schema = described["schema"]
    schema.pop("default", None)
    if schema.get("type") == "string":
        schema.setdefault("minLength", 1)  # no segment of a path is empty
    return {"name": called, "in": "path", "required": True, **described}


def query_parameter(
    action: Action, signature: Signature, name: str, schemas: Schemas
) -> dict[str, Any]:
    """A parameter in the query string, in the style that its type is written in."""
    head = _head(signature, name, "query", name)
    described = _parameter(action, signature, name, schemas)
    shape = shape_of(signature.parameters[name].annotation)
    if shape is Shape.OBJECT:
        head |= {"style": "deepObject", "explode": True}
    elif shape is Shape.SEVERAL:
        head |= {"style": "form", "explode": True}
    elif shape is Shape.JSON:
        described = _as_content(described)
    return {**head, **described}


def header_parameter(
    action: Action, signature: Signature, name: str, schemas: Schemas, called: str
) -> dict[str, Any]:
    """A parameter in a header; what is more than a list is JSON."""
    head = _head(signature, name, "header", called)
    described = _parameter(action, signature, name, schemas)
    shape = shape_of(signature.parameters[name].annotation)
    if shape is Shape.SEVERAL:
        head |= {"style": "simple", "explode": False}
    elif shape is not Shape.ONE:
        described = _as_content(described)
    return {**head, **described}


def cookie_parameter(
    action: Action, signature: Signature, name: str, schemas: Schemas, called: str
) -> dict[str, Any]:
    """A parameter in a cookie."""
    described = _parameter(action, signature, name, schemas)
    return {**_head(signature, name, "cookie", called), **described}


def _head(signature: Signature, name: str, place: str, called: str) -> dict[str, Any]:
    head: dict[str, Any] = {"name": called, "in": place}
    if signature.parameters[name].required:
        head["required"] = True
    return head


def _as_content(described: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is JSON."""
    kept = ("schema", "examples")
    content = {key: value for key, value in described.items() if key in kept}
    others = {key: value for key, value in described.items() if key not in kept}
    return {**others, "content": {JSON: content}}


def _parameter(action: Action, signature: Signature, name: str, schemas: Schemas) -> dict[str, Any]:
    schema = without_null(schemas.parameter(action.name, name))
    described: dict[str, Any] = {}
    if description := schema.pop("description", ""):
        described["description"] = description
    described["schema"] = schema
    if examples := parameter_examples(action, signature, name):
        described["examples"] = {
            key: example for key, example in examples.items() if example["value"] is not None
        }
    return described


def without_null(schema: Schema) -> Schema:
    """The schema of what can be written as text, which null cannot."""
    if schema.get("default", ...) is None:
        del schema["default"]
    if "anyOf" in schema:
        rest = [one for one in schema["anyOf"] if one != {"type": "null"}]
        others = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**rest[0], **others} if len(rest) == 1 else {**others, "anyOf": rest}
    return schema
