"""FastAPI as its documents advise: annotated parameters, and the result by its annotation."""

import time
from collections.abc import Callable, Sequence
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from fastapi.security import OAuth2PasswordBearer
from jose import JWTError

from peers.contract import (
    BLOCK_SECONDS,
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

_scheme = OAuth2PasswordBearer(tokenUrl="token")


def application(case: str, paths: Sequence[str]) -> FastAPI:
    """`async def` endpoints."""
    return _application(case, paths, _ASYNC[case])


def sync_application(case: str, paths: Sequence[str]) -> FastAPI:
    """`def` endpoints, which FastAPI runs in threads."""
    return _application(case, paths, _SYNC[case])


def _application(case: str, paths: Sequence[str], endpoint: Callable[..., Any]) -> FastAPI:
    app = FastAPI()
    method = CASES[case].method if case in CASES else "GET"
    for path in paths:
        app.add_api_route(path, endpoint, methods=[method])
    return app


async def _greeter(token: Annotated[str, Depends(_scheme)]) -> None:
    try:
        scopes = scopes_of(token)
    except JWTError:
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"}) from None
    if SCOPE not in scopes:
        raise HTTPException(403)


async def _get(name: str, times: int = 1) -> Greeting:
    return Greeting(message=f"Hello {name}!", times=times)


async def _post(given: GreetingRequest) -> Greeting:
    return Greeting(message=f"Hello {given.name}!", times=given.times)


async def _path(times: int) -> Greeting:
    return Greeting(message="Hello World!", times=times)


async def _guarded(name: str, _: Annotated[None, Depends(_greeter)], times: int = 1) -> Greeting:
    return Greeting(message=f"Hello {name}!", times=times)


async def _models() -> list[Item]:
    return ITEMS


async def _dataclasses() -> list[ItemData]:
    return ITEMS_DATA


def _sync_get(name: str, times: int = 1) -> Greeting:
    return Greeting(message=f"Hello {name}!", times=times)


def _sync_post(given: GreetingRequest) -> Greeting:
    return Greeting(message=f"Hello {given.name}!", times=given.times)


def _sync_path(times: int) -> Greeting:
    return Greeting(message="Hello World!", times=times)


def _sync_guarded(name: str, _: Annotated[None, Depends(_greeter)], times: int = 1) -> Greeting:
    return Greeting(message=f"Hello {name}!", times=times)


def _sync_models() -> list[Item]:
    return ITEMS


def _sync_dataclasses() -> list[ItemData]:
    return ITEMS_DATA


def _block() -> Greeting:
    time.sleep(BLOCK_SECONDS)
    return Greeting(message="Hello World!", times=3)


_ASYNC = {
    "get": _get,
    "post": _post,
    "path": _path,
    "guarded": _guarded,
    "models": _models,
    "dataclasses": _dataclasses,
}
_SYNC = {
    "get": _sync_get,
    "post": _sync_post,
    "path": _sync_path,
    "guarded": _sync_guarded,
    "models": _sync_models,
    "dataclasses": _sync_dataclasses,
    "blocking": _block,
}
