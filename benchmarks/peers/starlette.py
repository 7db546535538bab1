"""Starlette, with pydantic's `TypeAdapter` for input and output."""

from collections.abc import Sequence
from typing import Any

from jose import JWTError
from pydantic import TypeAdapter, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from peers.contract import (
    CASES,
    ITEMS,
    ITEMS_DATA,
    SCOPE,
    Greeting,
    GreetingRequest,
    Item,
    ItemData,
    scopes_of,
)

_given = TypeAdapter(GreetingRequest)
_greeting = TypeAdapter(Greeting)
_items = TypeAdapter(list[Item])
_items_data = TypeAdapter(list[ItemData])


def application(case: str, paths: Sequence[str]) -> Starlette:
    """A route for each path."""
    endpoint, method = _ENDPOINTS[case], CASES[case].method
    return Starlette(
        routes=[Route(path, endpoint, methods=[method]) for path in paths],
        exception_handlers={ValidationError: _invalid},
    )


async def _get(request: Request) -> Response:
    return _answer(_given.validate_python(dict(request.query_params)))


async def _post(request: Request) -> Response:
    return _answer(_given.validate_json(await request.body()))


async def _path(request: Request) -> Response:
    return _answer(_given.validate_python({"name": "World", "times": request.path_params["times"]}))


async def _guarded(request: Request) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme != "Bearer" or SCOPE not in scopes_of(token):
            raise HTTPException(403)
    except JWTError:
        raise HTTPException(401) from None
    return await _get(request)


async def _models(request: Request) -> Response:  # noqa: ARG001
    return _json(_items, ITEMS)


async def _dataclasses(request: Request) -> Response:  # noqa: ARG001
    return _json(_items_data, ITEMS_DATA)


def _answer(given: GreetingRequest) -> Response:
    return _json(_greeting, Greeting(message=f"Hello {given.name}!", times=given.times))


def _json(adapter: TypeAdapter[Any], value: Any) -> Response:
    return Response(adapter.dump_json(value), media_type="application/json")


async def _invalid(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, ValidationError)
    return Response(error.json(), 422, media_type="application/json")


_ENDPOINTS = {
    "get": _get,
    "post": _post,
    "path": _path,
    "guarded": _guarded,
    "models": _models,
    "dataclasses": _dataclasses,
}
