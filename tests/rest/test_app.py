"""The FastAPI application by itself, without the web host before it."""

import asyncio
from typing import Any

import httpx
from fastapi import APIRouter, FastAPI

from servey_core import WEB_GET, WEB_POST, WebTrigger, action
from servey_rest import fastapi_app


@action(triggers=(WEB_GET, WEB_POST))
async def say_hello(name: str) -> str:
    return f"Hello {name}!"


@action(triggers=WebTrigger("GET", "/pets/{pet_id}"))
async def find_pet(pet_id: int) -> int:
    return pet_id


@action(triggers=WebTrigger("GET", "/pets/all"))
async def all_pets() -> str:
    return "all"


ACTIONS = [say_hello, find_pet, all_pets]


def ask(app: FastAPI, method: str, url: str, **options: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, url, **options)

    return asyncio.run(call())


def test_it_is_whole_by_itself(started: Any) -> None:
    app = fastapi_app(started(ACTIONS))
    assert ask(app, "GET", "/actions/say-hello?name=World").json() == "Hello World!"
    assert ask(app, "POST", "/actions/say-hello", json={"name": "Al"}).json() == "Hello Al!"
    assert ask(app, "GET", "/pets/all").json() == "all"
    assert ask(app, "GET", "/pets/7").json() == 7
    assert ask(app, "GET", "/pets/x").status_code == 422
    assert app.openapi()["info"]["title"]


def test_it_can_be_mounted_under_a_path(started: Any) -> None:
    outer = FastAPI()
    outer.mount("/inner", fastapi_app(started(ACTIONS)))
    assert ask(outer, "GET", "/inner/actions/say-hello?name=World").json() == "Hello World!"
    assert ask(outer, "GET", "/inner/pets/7").json() == 7
    document = ask(outer, "GET", "/inner/openapi.json").json()
    assert document["servers"] == [{"url": "/inner"}]


def test_its_own_refusals_are_problems(started: Any) -> None:
    router = APIRouter()

    @router.get("/items/{item_id}")
    async def item(item_id: int, limit: int) -> int:
        return item_id + limit

    app = fastapi_app(started(ACTIONS))
    app.include_router(router)
    missing = ask(app, "GET", "/nowhere")
    assert missing.headers["content-type"] == "application/problem+json"
    assert (missing.status_code, missing.json()["title"]) == (404, "Not found")
    other = ask(app, "PATCH", "/pets/all")
    assert (other.status_code, other.json()["status"]) == (405, 405)
    assert "GET" in other.headers["allow"]
    assert ask(app, "GET", "/items/1?limit=2").json() == 3
    invalid = ask(app, "GET", "/items/x")
    assert invalid.status_code == 422
    assert {one["pointer"] for one in invalid.json()["errors"]} == {"#/item_id", "#/limit"}
