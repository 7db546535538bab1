"""What an operation takes in its body: an object as JSON, or a form."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from servey_core import Signature
from servey_core.actions import Action
from servey_core.json_schemas import Schema
from servey_core.texts import Shape, shape_of
from servey_core.triggers import WebTrigger
from servey_rest.openapi.examples import body_examples
from servey_rest.openapi.parameters import JSON, without_null
from servey_rest.openapi.schemas import Schemas
from servey_web import MULTIPART, URLENCODED, file_shapes, in_headers, takes_form

_FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}
"""A part with a file, as OpenAPI 3.1 writes it."""


def request_body(
    action: Action,
    trigger: WebTrigger,
    signature: Signature,
    in_path: Iterable[str],
    schemas: Schemas,
) -> dict[str, Any]:
    """The body: an object whose members are the parameters that stand nowhere else."""
    outside, beside = set(in_path), in_headers(signature)
    names = [one for one in signature.parameters if one not in outside and one not in beside]
    if takes_form(trigger.method, signature, form=trigger.form):
        content = _form_content(action, signature, names, schemas)
    else:
        content = {JSON: {"schema": schemas.body(action.name, names)}}
        if examples := body_examples(action, signature, names):
            content[JSON]["examples"] = examples
    body: dict[str, Any] = {"content": content}
    if any(signature.parameters[name].required for name in names):
        body["required"] = True
    return body


def _form_content(
    action: Action, signature: Signature, names: list[str], schemas: Schemas
) -> dict[str, Any]:
    """The kinds of forms; files come by one of them only, and have no examples that fit in here."""
    shapes = {name: shape_of(signature.parameters[name].annotation) for name in names}
    schema = schemas.body(action.name, names)
    files = file_shapes(signature)
    for name, shape in shapes.items():
        schema["properties"][name] = _field(schema["properties"][name], shape, files.get(name))
    content: dict[str, Any] = {"schema": schema}
    if files:
        return {MULTIPART: content}
    if examples := body_examples(action, signature, names):
        for example in examples.values():
            example["value"] = _form_values(example["value"], shapes)
        content["examples"] = examples
    objects = [name for name, shape in shapes.items() if shape is Shape.OBJECT]
    encoding = {name: {"style": "deepObject", "explode": True} for name in objects}
    return {
        URLENCODED: {**content, **({"encoding": encoding} if encoding else {})},
        MULTIPART: content,
    }


def _field(schema: Schema, shape: Shape, files: Shape | None) -> Schema:
    """The schema of a form's field, which is a file or a text."""
    notes = {"description": schema.pop("description")} if "description" in schema else {}
    if files is Shape.ONE:
        return {**_FILE, **notes}
    if files is Shape.SEVERAL:
        return {"type": "array", "items": _FILE, **notes}
    schema = without_null(schema)
    if shape is Shape.JSON:
        return {"type": "string", "contentMediaType": JSON, "contentSchema": schema, **notes}
    return {**schema, **notes}


def _form_values(values: Mapping[str, Any], shapes: Mapping[str, Shape]) -> dict[str, Any]:
    return {
        name: json.dumps(value) if shapes[name] is Shape.JSON else value
        for name, value in values.items()
        if value is not None
    }
