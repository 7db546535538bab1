"""The limit: what can be written by hand with ASGI and pydantic's validators, and no protections.

No look at the content type, no limit of a body's size, no time limit, no caching of anything.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NotRequired
from urllib.parse import unquote_plus

from jose import JWTError, jwk
from pydantic import TypeAdapter, ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import TypedDict

from peers.contract import (
    ALGORITHM,
    CASES,
    ITEMS,
    ITEMS_DATA,
    SCOPE,
    SECRET,
    Greeting,
    Item,
    ItemData,
    scopes_of,
)

Endpoint = Callable[[Scope, Receive, str], Awaitable[bytes]]


class Arguments(TypedDict):
    """What a greeting takes."""

    name: str
    times: NotRequired[int]


_arguments = TypeAdapter(Arguments).validator
_times = TypeAdapter(int).validator
_write_greeting = TypeAdapter(Greeting).serializer.to_json
_write_items = TypeAdapter(list[Item]).serializer.to_json
_write_items_data = TypeAdapter(list[ItemData]).serializer.to_json
_key = jwk.construct(SECRET, ALGORITHM)


def application(case: str, paths: Sequence[str]) -> ASGIApp:
    """One look-up by method and path, and two messages."""
    method, endpoint = CASES[case].method, _ENDPOINTS[case]
    routes = {(method, path.partition("/{")[0]): endpoint for path in paths}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path, parameter = scope["path"], ""
        endpoint = routes.get((scope["method"], path))
        if endpoint is None:
            path, _, parameter = path.rpartition("/")
            endpoint = routes.get((scope["method"], path))
        if endpoint is None:
            status, body = 404, b"{}"
        else:
            try:
                status, body = 200, await endpoint(scope, receive, parameter)
            except ValidationError as error:
                status, body = 422, error.json().encode()
            except (JWTError, PermissionError):
                status, body = 401, b"{}"
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def greet(name: str, times: int = 1) -> Greeting:
    """The action."""
    return Greeting(message=f"Hello {name}!", times=times)


def _query(scope: Scope) -> dict[str, str]:
    text = scope["query_string"].decode()
    pairs = [part.partition("=") for part in text.split("&")]
    if "%" in text or "+" in text:
        return {unquote_plus(name): unquote_plus(value) for name, _, value in pairs}
    return {name: value for name, _, value in pairs}


async def _get(scope: Scope, receive: Receive, parameter: str) -> bytes:  # noqa: ARG001
    return _write_greeting(await greet(**_arguments.validate_python(_query(scope))))


async def _post(scope: Scope, receive: Receive, parameter: str) -> bytes:  # noqa: ARG001
    message = await receive()
    body = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    return _write_greeting(await greet(**_arguments.validate_json(body)))


async def _path(scope: Scope, receive: Receive, parameter: str) -> bytes:  # noqa: ARG001
    return _write_greeting(await greet("World", _times.validate_python(parameter)))


async def _guarded(scope: Scope, receive: Receive, parameter: str) -> bytes:
    for name, value in scope["headers"]:
        if name == b"authorization" and SCOPE in scopes_of(value[7:].decode(), _key):
            return await _get(scope, receive, parameter)
    raise PermissionError


async def list_models() -> list[Item]:
    """The action, with models."""
    return ITEMS


async def list_dataclasses() -> list[ItemData]:
    """The action, with dataclasses."""
    return ITEMS_DATA


async def _models(*_: Any) -> bytes:
    return _write_items(await list_models())


async def _dataclasses(*_: Any) -> bytes:
    return _write_items_data(await list_dataclasses())


_ENDPOINTS: dict[str, Endpoint] = {
    "get": _get,
    "post": _post,
    "path": _path,
    "guarded": _guarded,
    "models": _models,
    "dataclasses": _dataclasses,
}
