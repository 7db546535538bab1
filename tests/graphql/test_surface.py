"""The surface by which every example becomes a test by GraphQL."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, NotRequired

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    Authorization,
    Cursor,
    Example,
    File,
    Idempotency,
    InvalidInput,
    NotFound,
    Page,
    PermissionDenied,
    Reply,
    Runtime,
    ScopeAccessControl,
    TtlCacheControl,
    action,
)
from servey_core.testing import ExampleFailed, ExampleRunner, cases_of
from servey_graphql.surface import graphql_surfaces

ANN = Authorization("ann", frozenset({"pets"}))
BOB = Authorization("bob", frozenset())


class Size(Enum):
    SMALL = 1
    LARGE = 2


class Colour(StrEnum):
    RED = "dark-red"


class Tag(BaseModel):
    tag_name: str = Field(alias="tagName")
    weight: Annotated[int, Field(ge=0, le=2**40)] = 0


class Extra(TypedDict):
    some_text: str
    maybe: NotRequired[int]


@dataclass
class Pet:
    pet_name: str
    size: Size = Size.SMALL
    colour: Colour | None = None
    tags: list[Tag] = field(default_factory=list)
    born: datetime | None = None
    price: Decimal = Decimal("1.50")
    parent: "Pet | None" = None

    @action(
        cache_control=TtlCacheControl(7),
        examples=(
            Example("once", {"self": {"pet_name": "Rex"}}, "Rex"),
            Example("thrice", {"self": {"pet_name": "Rex"}, "times": 3}, "RexRexRex"),
            Example("wrong", {"self": {"pet_name": "Rex"}, "times": "x"}, raises=InvalidInput),
            Example("strange", {"self": {"pet_name": "Rex"}, "time": 3}, raises=InvalidInput),
            Example("no pet", {"self": {}}, raises=InvalidInput),
        ),
    )
    async def call_by_name(self, times: int = 1) -> str:
        return self.pet_name * times

    @action(
        access_control=ScopeAccessControl("pets"),
        examples=(
            Example("allowed", {"self": {"pet_name": "Rex"}}, authorization=ANN),
            Example(
                "denied",
                {"self": {"pet_name": "Rex"}},
                raises=PermissionDenied,
                authorization=BOB,
            ),
        ),
    )
    async def pups(self) -> list["Pet"]:
        return [Pet(f"{self.pet_name}'s")]


@dataclass
class Stone:
    pet_name: int


PLAIN = {
    "size": 1,
    "colour": None,
    "tags": [],
    "born": None,
    "price": "1.50",
    "parent": None,
}


@action(
    triggers=(WEB_GET, WEB_POST),
    cache_control=TtlCacheControl(60),
    examples=(
        Example("plain", {"name": "Rex"}, {"pet_name": "Rex", **PLAIN}),
        Example("none", {"name": "none"}, None),
        Example("unknown", {"name": "unknown"}, raises=NotFound),
        Example("no name", {}, raises=InvalidInput),
        Example("wrong", {"name": 5}, raises=InvalidInput),
        Example("strange", {"name": "Rex", "colour": 1}, raises=InvalidInput),
        Example("no word", {"name": "Rex", "so lala": 1}, raises=InvalidInput),
    ),
)
async def find_pet(name: str) -> Pet | None:
    if name == "unknown":
        raise NotFound
    return None if name == "none" else Pet(name)


@action(
    triggers=WEB_POST,
    examples=(
        Example(
            "whole",
            {
                "pet": {
                    "pet_name": "Rex",
                    "size": 2,
                    "colour": "dark-red",
                    "tags": [{"tagName": "a", "weight": 2**33}],
                    "born": "2026-05-14T09:30:00Z",
                    "price": "2.25",
                    "parent": {"pet_name": "Max", "parent": {"pet_name": "Moritz"}},
                }
            },
        ),
        Example("of Python values", {"pet": Pet("Rex", Size.LARGE)}, Pet("Rex", Size.LARGE)),
        Example("wrong enum", {"pet": {"pet_name": "Rex", "size": 3}}, raises=InvalidInput),
        Example("wrong name", {"pet": {"petName": "Rex", "names": 1}}, raises=InvalidInput),
    ),
)
async def keep_pet(pet: Pet) -> Pet:
    return pet


@action(
    triggers=WEB_GET,
    examples=(Example("both", {}, [{"pet_name": "Rex", **PLAIN}, {"pet_name": 5}]),),
)
async def either() -> list[Pet | Stone]:
    return [Pet("Rex"), Stone(5)]


@action(
    triggers=WEB_GET,
    examples=(
        Example("first", {}, {"items": [0, 1], "next": None}),
        Example("further", {"more": True}, Page([0, 1], 2)),
    ),
)
async def pages(after: Cursor[int] | None = None, more: bool = False) -> Page[int]:
    return Page([0, 1], 2 if more else None)


@action(
    triggers=WEB_GET,
    access_control=ALLOW_AUTHENTICATED,
    cache_control=TtlCacheControl(5),
    examples=(Example("ann", {}, "ann", authorization=ANN),),
)
async def who(authorization: Authorization) -> str:
    return authorization.subject


@action(
    triggers=WEB_POST,
    examples=(
        Example(
            "file",
            {"file": {"filename": "a.txt", "content_type": "text/plain", "content": "aGVsbG8="}},
            {"filename": "a.txt", "content_type": "text/plain", "content": "aGVsbG8="},
        ),
    ),
)
async def copy_file(file: File) -> File:
    return File.of(await file.read(), filename=file.filename, content_type=file.content_type)


@action(
    triggers=WEB_GET,
    examples=(
        Example("without", {}, {"some_text": "x"}),
        Example("with", {"maybe": 5}, {"some_text": "x", "maybe": 5}),
    ),
)
async def extra(maybe: int | None = None) -> Extra:
    return {"some_text": "x"} if maybe is None else {"some_text": "x", "maybe": maybe}


@action(
    triggers=WEB_GET,
    examples=(
        Example("literals", {"order": "DESC"}, {"DESC": [1, {"a": None}]}),
        Example("wrong", {"order": "UP"}, raises=InvalidInput),
    ),
)
async def anything(order: Literal["ASC", "DESC"] = "ASC") -> dict[str, Any]:
    return {order: [1, {"a": None}]}


@action(triggers=WEB_GET, examples=(Example("all", {}, [1, 2]),))
async def count() -> AsyncIterator[int]:
    yield 1
    yield 2


@action(triggers=WEB_POST, examples=(Example("nothing", {}, None),))
async def drop() -> None: ...


@action(
    triggers=WEB_POST,
    idempotency=Idempotency(required=True),
    examples=(Example("once", {}, "done"),),
)
async def pay() -> str:
    return "done"


@action(examples=(Example("never", {}, "in"),))
async def internal() -> str:
    return "in"


ACTIONS = [
    find_pet,
    keep_pet,
    either,
    pages,
    who,
    copy_file,
    extra,
    anything,
    count,
    drop,
    pay,
    internal,
]
SETTINGS = {"state": "memory:"}
RUNTIME_CASES = [
    "call_by_name",
    "pups",
    *(one.__name__ for one in ACTIONS if one is not internal),
]


def call(
    runtime: Runtime, name: str, params: Mapping[str, Any], who: Authorization | None = None
) -> Reply:
    async def once() -> Reply:
        [surface] = graphql_surfaces(runtime)
        async with surface.open() as through:
            return await through(runtime.actions[name], params, who)

    return asyncio.run(once())


def action_named(runtime: Runtime, ending: str) -> str:
    return next(name for name in runtime.actions if name.endswith(ending))


def test_it_serves_fields_and_nothing_else(started: Any) -> None:
    runtime = started(ACTIONS, **SETTINGS)
    [surface] = graphql_surfaces(runtime)
    unserved = [one.name for one in runtime.actions.values() if not surface.serves(one)]
    assert surface.name == "graphql"
    assert unserved == ["internal"]


def test_without_a_web_trigger_there_is_no_surface(started: Any) -> None:
    assert graphql_surfaces(started([internal], **SETTINGS)) == []


@pytest.mark.parametrize("name", RUNTIME_CASES)
def test_every_example_holds(started: Any, name: str) -> None:
    runtime = started(ACTIONS, **SETTINGS)
    cases = [
        one
        for one in cases_of(runtime, ["graphql"])
        if one.action.name == action_named(runtime, name)
    ]
    assert cases
    with ExampleRunner(runtime) as runner:
        for one in cases:
            runner.run(one)


def test_an_example_that_does_not_hold_fails(started: Any) -> None:
    @action(triggers=WEB_GET, examples=(Example("wrong", {}, {"pet_name": "Max", **PLAIN}),))
    async def find_rex() -> Pet:
        return Pet("Rex")

    runtime = started([find_rex], **SETTINGS)
    [case] = [one for one in cases_of(runtime, ["graphql"]) if one.action.name == "find_rex"]
    with ExampleRunner(runtime) as runner, pytest.raises(ExampleFailed, match="#/pet_name"):
        runner.run(case)


def test_hints_come_back(started: Any) -> None:
    runtime = started(ACTIONS, **SETTINGS)
    found = call(runtime, "find_pet", {"name": "Rex"})
    assert (found.max_age, found.private) == (60, False)
    told = call(runtime, "who", {}, ANN)
    assert (told.max_age, told.private) == (5, True)
    nested = action_named(runtime, "call_by_name")
    assert call(runtime, nested, {"self": {"pet_name": "Rex"}}) == Reply("Rex", None, 7)


def test_a_tree_arrives_as_deep_as_it_is_selected(started: Any) -> None:
    runtime = started(ACTIONS, **SETTINGS)
    pet = {"pet_name": "a", "parent": {"pet_name": "b", "parent": {"pet_name": "c"}}}
    result = call(runtime, "keep_pet", {"pet": pet}).result
    assert result["parent"]["parent"]["pet_name"] == "c"
    assert result["parent"]["parent"]["parent"] is None
