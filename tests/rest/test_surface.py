"""The surface by which every example becomes a test over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from servey_core import (
    WEB_GET,
    WEB_POST,
    Action,
    Authorization,
    Cookie,
    File,
    Header,
    Redirect,
    Reply,
    Runtime,
    ScopeAccessControl,
    TtlCacheControl,
    WebTrigger,
    action,
)
from servey_rest.surface import rest_surfaces


@dataclass
class Inner:
    number: int
    text: str | None = None


@dataclass
class Outer:
    inner: Inner
    flag: bool = False


@action(triggers=(WEB_POST, WEB_GET), cache_control=TtlCacheControl(60))
async def echo(
    text: str = "",
    flag: bool = False,
    texts: list[str] | None = None,
    outer: Outer | None = None,
    outers: list[Outer] | None = None,
    anything: Any = None,
) -> dict[str, Any]:
    return {name: value for name, value in locals().items() if value}


@action(triggers=WebTrigger("PUT", "/pets/{name}"), access_control=ScopeAccessControl("root"))
async def put_pet(name: str, inner: Inner, authorization: Authorization) -> Any:
    return [name, inner, authorization.subject]


@action(triggers=(WebTrigger("POST", form=True), WebTrigger("PUT", form=True)))
async def fill_in(
    text: str,
    outer: Outer | None = None,
    tags: Annotated[list[int] | None, Header("X-Tags")] = None,
    inner: Annotated[Inner | None, Header("X-Inner")] = None,
    theme: Annotated[str, Cookie()] = "",
) -> dict[str, Any]:
    return {name: value for name, value in locals().items() if value}


@action(triggers=WebTrigger("POST"))
async def upload(files: list[File], note: str = "") -> list[Any]:
    return [note, *files]


@action(triggers=WebTrigger("POST"))
async def copy(file: File) -> File:
    return file


@action(triggers=WebTrigger("GET"))
async def elsewhere() -> Redirect:
    return Redirect("/there")


@action(triggers=WebTrigger("GET"))
async def count() -> AsyncIterator[int]:
    yield 1
    yield 2


@action(triggers=WebTrigger("DELETE", status=204))
async def drop() -> None: ...


@action(triggers=WEB_GET)
async def raw() -> bytes:
    return "é".encode()


@action
async def unserved() -> None: ...


ACTIONS = [echo, put_pet, fill_in, upload, copy, elsewhere, count, drop, raw, unserved]
Params = Mapping[str, Any]


def call(
    runtime: Runtime,
    name: str,
    params: Params,
    caller: Authorization | None = None,
    surface: int = 0,
) -> Reply:
    async def once() -> Reply:
        async with rest_surfaces(runtime)[surface].open() as through:
            return await through(runtime.actions[name], params, caller)

    return asyncio.run(once())


def test_it_serves_actions_with_a_web_trigger(started: Any) -> None:
    runtime = started(ACTIONS)
    served = {
        surface.name: {name for name, one in runtime.actions.items() if surface.serves(one)}
        for surface in rest_surfaces(runtime)
    }
    assert served == {
        "rest": {one.__name__ for one in ACTIONS} - {"unserved"},
        "rest-2": {"echo", "fill_in"},
    }
    assert all(isinstance(one, Action) for one in runtime.actions.values())


@pytest.mark.parametrize(
    "params",
    [
        {"text": "007 & ünï", "flag": True},
        {"texts": ["one"]},
        {"texts": ["1", "a b"], "text": ""},
        {"outer": {"inner": {"number": 1, "text": "x"}, "flag": True}},
        {"outers": [{"inner": {"number": 1, "text": None}, "flag": False}]},
        {"anything": {"a": [1, None]}},
        {},
    ],
)
def test_json_values_arrive_by_the_query_string(started: Any, params: Params) -> None:
    reply = call(started(ACTIONS), "echo", params)
    assert reply.problem is None
    assert reply.result == {name: value for name, value in params.items() if value}
    assert (reply.max_age, reply.private) == (60, False)


def test_every_web_trigger_has_its_turn(started: Any) -> None:
    runtime = started(ACTIONS)
    params = {"text": "x", "outer": {"inner": {"number": 1, "text": "x"}, "flag": True}}
    by_get, by_post = (call(runtime, "echo", params, surface=number) for number in (0, 1))
    assert by_get.result == by_post.result == params
    assert (by_get.max_age, by_post.max_age) == (60, None)  # only a safe method says so


def test_path_body_and_credentials(started: Any) -> None:
    caller = Authorization("ann", frozenset({"root"}))
    reply = call(started(ACTIONS), "put_pet", {"name": "a/b", "inner": {"number": 7}}, caller)
    assert reply == Reply(["a/b", {"number": 7, "text": None}, "ann"])


def test_a_problem_comes_back_as_one(started: Any) -> None:
    reply = call(started(ACTIONS), "put_pet", {"name": "x", "inner": {"number": 7}})
    assert reply.problem is not None
    assert reply.problem["status"] == 401


def test_arguments_arrive_by_form_headers_and_cookies(started: Any) -> None:
    params = {
        "text": "007 & ünï",
        "outer": {"inner": {"number": 1, "text": "x"}, "flag": True},
        "tags": [1, 2],
        "inner": {"number": 1, "text": "é"},
        "theme": "dark",
    }
    runtime = started(ACTIONS)
    assert call(runtime, "fill_in", params) == call(runtime, "fill_in", params, surface=1)
    assert call(runtime, "fill_in", params).result == params
    null = {"text": "", "outer": None, "inner": None, "tags": None, "theme": None}
    assert call(runtime, "fill_in", null).result == {}


def test_files_arrive_and_come_back(started: Any) -> None:
    one = {"filename": 'é"1.txt', "content_type": "text/csv", "content": "aGVsbG8="}
    other = {"filename": None, "content_type": "application/octet-stream", "content": "AP8="}
    runtime = started(ACTIONS)
    params = {"files": [one, {"content": "AP8="}], "note": "x"}
    assert call(runtime, "upload", params).result == ["x", one, other]
    assert call(runtime, "upload", {"files": None, "note": None}).problem is not None
    for file in (one, other):
        assert call(runtime, "copy", {"file": file}).result == file
    problem = call(runtime, "copy", {"file": "no file"}).problem
    assert problem is not None
    assert problem["errors"][0]["pointer"] == "#/file"


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("elsewhere", {"url": "/there", "status": 303}),
        ("count", [1, 2]),
        ("drop", None),
        ("raw", "w6k="),
    ],
)
def test_every_kind_of_answer_is_a_json_value(started: Any, name: str, result: Any) -> None:
    assert call(started(ACTIONS), name, {}).result == result
