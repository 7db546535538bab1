"""What an operation takes: parameters in the path and the query string, and a body."""

from collections.abc import Mapping
from typing import Any

from servey_core import Signature
from servey_core.actions import Action
from servey_core.texts import Shape, shape_of
from servey_rest.openapi.examples import body_examples, parameter_examples
from servey_rest.openapi.schemas import Schema, Schemas

JSON = "application/json"


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
    described["schema"].pop("default", None)
    return {"name": called, "in": "path", "required": True, **described}


def query_parameter(
    action: Action, signature: Signature, name: str, schemas: Schemas
) -> dict[str, Any]:
    """A parameter in the query string, in the style that its type is written in."""
    parameter = signature.parameters[name]
    head: dict[str, Any] = {"name": name, "in": "query"}
    if parameter.required:
        head["required"] = True
    described = _parameter(action, signature, name, schemas)
    shape = shape_of(parameter.annotation)
    if shape is Shape.OBJECT:
        head |= {"style": "deepObject", "explode": True}
    elif shape is Shape.SEVERAL:
        head |= {"style": "form", "explode": True}
    elif shape is Shape.JSON:
        content = {key: described.pop(key) for key in ("schema", "examples") if key in described}
        described["content"] = {JSON: content}
    return {**head, **described}


def request_body(
    action: Action, signature: Signature, in_path: Mapping[str, str], schemas: Schemas
) -> dict[str, Any]:
    """The body: an object whose members are the parameters that are not in the path."""
    names = [name for name in signature.parameters if name not in in_path]
    content: dict[str, Any] = {"schema": schemas.body(action.name, names)}
    if examples := body_examples(action, signature, names):
        content["examples"] = examples
    body: dict[str, Any] = {"content": {JSON: content}}
    if any(signature.parameters[name].required for name in names):
        body["required"] = True
    return body


def _parameter(action: Action, signature: Signature, name: str, schemas: Schemas) -> dict[str, Any]:
    schema = _without_null(schemas.parameter(action.name, name))
    described: dict[str, Any] = {}
    if description := schema.pop("description", ""):
        described["description"] = description
    described["schema"] = schema
    if examples := parameter_examples(action, signature, name):
        described["examples"] = {
            key: example for key, example in examples.items() if example["value"] is not None
        }
    return described


def _without_null(schema: Schema) -> Schema:
    """The schema of what can be written as text, which null cannot."""
    if schema.get("default", ...) is None:
        del schema["default"]
    if "anyOf" in schema:
        rest = [one for one in schema["anyOf"] if one != {"type": "null"}]
        others = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**rest[0], **others} if len(rest) == 1 else {**others, "anyOf": rest}
    return schema
