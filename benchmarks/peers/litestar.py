"""Litestar at its quickest: `msgspec.Struct` for input and output, no OpenAPI document."""

from collections.abc import Sequence
from typing import Any

from jose import JWTError
from litestar import Litestar, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler
from msgspec import Struct

from peers.contract import ITEMS_DATA, SCOPE, ItemData, make_items, scopes_of


class Greeting(Struct):
    """A small result."""

    message: str
    times: int


class GreetingRequest(Struct):
    """A small body."""

    name: str
    times: int = 1


class Maker(Struct):
    """Part of an item."""

    name: str
    country: str


class Item(Struct):
    """One of many results."""

    number: int
    name: str
    price: float
    tags: list[str]
    maker: Maker


_ITEMS = make_items(Item, Maker)


def application(case: str, paths: Sequence[str]) -> Litestar:
    """A handler for each path."""
    handlers = [_HANDLERS[case](path.replace("{times}", "{times:int}")) for path in paths]
    return Litestar(handlers, openapi_config=None)


async def _is_greeter(
    connection: ASGIConnection,
    handler: BaseRouteHandler,  # noqa: ARG001
) -> None:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    try:
        if scheme != "Bearer" or SCOPE not in scopes_of(token):
            raise PermissionDeniedException
    except JWTError:
        raise NotAuthorizedException from None


def _get(path: str, **options: Any) -> BaseRouteHandler:
    @get(path, **options)
    async def greet(name: str, times: int = 1) -> Greeting:
        return Greeting(f"Hello {name}!", times)

    return greet


def _post(path: str) -> BaseRouteHandler:
    @post(path, status_code=200)
    async def greet(data: GreetingRequest) -> Greeting:
        return Greeting(f"Hello {data.name}!", data.times)

    return greet


def _path(path: str) -> BaseRouteHandler:
    @get(path)
    async def greet(times: int) -> Greeting:
        return Greeting("Hello World!", times)

    return greet


def _guarded(path: str) -> BaseRouteHandler:
    return _get(path, guards=[_is_greeter])


def _models(path: str) -> BaseRouteHandler:
    @get(path)
    async def items() -> list[Item]:
        return _ITEMS

    return items


def _dataclasses(path: str) -> BaseRouteHandler:
    @get(path)
    async def items() -> list[ItemData]:
        return ITEMS_DATA

    return items


_HANDLERS = {
    "get": _get,
    "post": _post,
    "path": _path,
    "guarded": _guarded,
    "models": _models,
    "dataclasses": _dataclasses,
}
