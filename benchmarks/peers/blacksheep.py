"""BlackSheep, with its own binding of arguments and its own JSON."""

from collections.abc import Sequence

from blacksheep import Application, Request, Response, Router
from blacksheep.server.responses import forbidden, unauthorized
from jose import JWTError

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


def application(case: str, paths: Sequence[str]) -> Application:
    """A route for each path."""
    app = Application(router=Router())
    for path in paths:
        app.router.add(CASES[case].method, path, _HANDLERS[case])
    return app


async def _get(name: str, times: int = 1) -> Greeting:
    return Greeting(message=f"Hello {name}!", times=times)


async def _post(given: GreetingRequest) -> Greeting:
    return Greeting(message=f"Hello {given.name}!", times=given.times)


async def _path(times: int) -> Greeting:
    return Greeting(message="Hello World!", times=times)


async def _guarded(request: Request, name: str, times: int = 1) -> Greeting | Response:
    header = request.headers.get_first(b"authorization") or b""
    scheme, _, token = header.decode().partition(" ")
    try:
        if scheme != "Bearer" or SCOPE not in scopes_of(token):
            return forbidden()
    except JWTError:
        return unauthorized()
    return Greeting(message=f"Hello {name}!", times=times)


async def _models() -> list[Item]:
    return ITEMS


async def _dataclasses() -> list[ItemData]:
    return ITEMS_DATA


_HANDLERS = {
    "get": _get,
    "post": _post,
    "path": _path,
    "guarded": _guarded,
    "models": _models,
    "dataclasses": _dataclasses,
}
