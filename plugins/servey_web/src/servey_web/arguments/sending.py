"""How tests send arguments: as the request that a trigger's own reader makes them of again."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from servey_core import Signature
from servey_core.texts import Shape, shape_of
from servey_web.arguments.forms import MULTIPART, URLENCODED, file_shapes
from servey_web.arguments.headers import InHeaders, in_headers
from servey_web.arguments.paths import path_parameters
from servey_web.arguments.queries import Pairs
from servey_web.arguments.readers import BODILESS

_BOUNDARY = "----servey-8b0c2e5d7f1a4963"

Params = Mapping[str, Any]
Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Sent:
    """One request.

    Attributes:
        method: The method.
        target: The path and the query string.
        fields: The header fields.
        content: The body.
    """

    method: str
    target: str
    fields: Fields
    content: bytes = b""


def request_of(
    method: str, path: str, signature: Signature, params: Params, *, form: bool = False
) -> Sent:
    """The request for one call.

    Args:
        method: The method.
        path: The path, with its parameters in braces.
        signature: What the action takes.
        params: The arguments, as JSON values.
        form: Whether they go as a form, rather than as JSON, where the method has a body.
    """
    in_path = path_parameters(path)
    for name in in_path:
        path = path.replace(f"{{{name}}}", quote(_text(params[name]), safe=""))
    places = in_headers(signature)
    fields = list(_header_fields(signature, places, params))
    rest = {
        name: value for name, value in params.items() if name not in in_path and name not in places
    }
    if method in BODILESS:
        query = urlencode(_pairs(signature, rest))
        return Sent(method, f"{path}?{query}" if query else path, fields)
    content_type, content = _body(signature, rest, form=form)
    fields.append((b"Content-Type", content_type.encode()))
    return Sent(method, path, fields, content)


def _body(signature: Signature, params: Params, *, form: bool) -> tuple[str, bytes]:
    if not form:
        return "application/json", json.dumps(params).encode()
    if file_shapes(signature):
        return f"{MULTIPART}; boundary={_BOUNDARY}", b"".join(_parts(signature, params))
    return URLENCODED, urlencode(_pairs(signature, params)).encode()


def _header_fields(
    signature: Signature, places: InHeaders, params: Params
) -> Iterator[tuple[bytes, bytes]]:
    for name, called in places.headers.items():
        if name in params:
            texts = [text for _, text in _pairs(signature, {name: params[name]}, flat=True)]
            if texts:
                yield called.encode(), ", ".join(texts).encode()
    cookies = [
        f"{called}={_text(params[name])}"
        for name, called in places.cookies.items()
        if params.get(name) is not None
    ]
    if cookies:
        yield b"Cookie", "; ".join(cookies).encode()


def _parts(signature: Signature, params: Params) -> Iterator[bytes]:
    """The body of a form with files."""
    files = {name: value for name, value in params.items() if name in file_shapes(signature)}
    texts = {name: value for name, value in params.items() if name not in files}
    for name, text in _pairs(signature, texts):
        yield _part(f'name="{name}"', text.encode())
    for name, value in files.items():
        for file in value if isinstance(value, list) else [value]:
            if isinstance(file, dict):
                filename = (file.get("filename") or "").replace('"', '\\"')
                content = base64.b64decode(file["content"])
                yield _part(f'name="{name}"; filename="{filename}"', content, file)
            elif file is not None:
                yield _part(f'name="{name}"', _text(file).encode())
    yield f"--{_BOUNDARY}--\r\n".encode()


def _part(disposition: str, content: bytes, file: Params | None = None) -> bytes:
    kind = f"Content-Type: {file['content_type']}\r\n" if file and "content_type" in file else ""
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n"
    return head.encode() + content + b"\r\n"


def _pairs(signature: Signature, params: Params, *, flat: bool = False) -> Pairs:
    """Names and texts; objects are JSON rather than several pairs, where they must be `flat`."""
    pairs: Pairs = []
    for name, value in params.items():
        known = signature.parameters.get(name)
        shape = Shape.ONE if known is None else shape_of(known.annotation)
        shape = Shape.JSON if flat and shape is Shape.OBJECT else shape
        pairs.extend(_pairs_of(name, value, shape))
    return pairs


def _pairs_of(name: str, value: Any, shape: Shape) -> Iterator[tuple[str, str]]:
    if value is None and shape is not Shape.JSON:
        return  # null has no text; left out, the default stands for it
    if shape is Shape.SEVERAL and isinstance(value, list):
        yield from ((name, _text(item)) for item in value)
    elif shape is Shape.OBJECT and isinstance(value, dict) and value:
        for field, member in value.items():
            yield from _pairs_of(f"{name}[{field}]", member, Shape.ONE)
    else:
        yield name, json.dumps(value) if shape is Shape.JSON else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
