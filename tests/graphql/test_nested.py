"""Actions that are methods of what is returned: fields that run when they are asked for."""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from collections.abc import AsyncIterator  # noqa: TC003 - annotations are read
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

import pytest
from pydantic import BaseModel
from schemas import Made, schema_of

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    ActionTimeout,
    Authorization,
    CacheHeaders,
    InternalError,
    InvalidInput,
    NotFound,
    PermissionDenied,
    RateLimit,
    ScopeAccessControl,
    ServerCache,
    TooManyRequests,
    TtlCacheControl,
    Unauthorized,
    action,
)

T = TypeVar("T")
CALLS: list[Any] = []


@dataclass
class Pet:
    name: str
    friends: list[Pet] = field(default_factory=list)

    @action
    def in_thread(self) -> bool:
        return threading.current_thread() is not threading.main_thread()

    @action(sync_to_thread=False)
    def greeting(self, times: int = 1, *, since: date | None = None) -> str:
        """Say hello."""
        CALLS.append((self.name, times, since))
        return "hi " * times + self.name

    @action(access_control=ScopeAccessControl("read"))
    async def secret(self) -> str:
        CALLS.append("secret")
        return "psst"

    @action(access_control=ALLOW_AUTHENTICATED, sync_to_thread=False)
    def diary(self) -> str:
        return "dear"

    @action
    async def me(self, who: Authorization) -> str:
        return str(who.subject)

    @action
    async def maybe_me(self, who: Authorization | None) -> str | None:
        return who and who.subject

    @action(sync_to_thread=False)
    def lost(self) -> Pet:
        raise NotFound("It ran away.")

    @action(sync_to_thread=False)
    def broken(self) -> Pet:
        raise ValueError("a secret of the author's")

    @action
    async def broken_too(self) -> Pet:
        raise ValueError("a secret of the author's")

    @action(timeout=0.01)
    async def slow(self) -> int:
        await asyncio.Event().wait()
        return 1

    @action(sync_to_thread=False)
    def best_friend(self) -> Pet | None:
        return self.friends[0] if self.friends else None

    @action
    async def nearest_friend(self) -> Pet | None:
        return self.friends[0] if self.friends else None

    @action(cache_control=TtlCacheControl(60), sync_to_thread=False)
    def age(self) -> int:
        return 3

    @action(cache_control=TtlCacheControl(30), access_control=ALLOW_AUTHENTICATED)
    async def weight(self) -> int:
        return 4

    @action
    async def steps(self, limit: int) -> AsyncIterator[int]:
        for number in range(limit):
            yield number

    @action(server_cache=ServerCache(60), sync_to_thread=False)
    def cached(self, key: int) -> int:
        CALLS.append(key)
        return key

    @action(rate_limits=RateLimit("1/minute"), sync_to_thread=False)
    def limited(self) -> int:
        return 1


@dataclass
class Owner:
    name: str

    @action(sync_to_thread=False)
    def pets(self) -> list[Pet]:
        return [Pet("Al"), Pet("Bo")]


class Kennel(BaseModel):
    name: str

    @action(sync_to_thread=False)
    def shout(self) -> str:
        return self.name.upper()


@dataclass
class Box(Generic[T]):
    value: T

    @action(sync_to_thread=False)
    def size(self) -> int:
        return 1


@dataclass
class Base:
    @action(sync_to_thread=False)
    def kind(self) -> str:
        return type(self).__name__


@dataclass
class Derived(Base):
    name: str = "d"


@action(triggers=WEB_GET)
def pet(name: str = "Al") -> Pet:
    return Pet(name, [Pet("Bo"), Pet("Cy", [Pet("Di")])])


@action(triggers=WEB_GET, sync_to_thread=False)
def several() -> list[Pet | Owner | None]:
    return [Pet("Al"), None, Owner("Ann")]


@action(triggers=WEB_GET, sync_to_thread=False)
def kennel() -> Kennel:
    return Kennel(name="k")


@action(triggers=WEB_GET, sync_to_thread=False)
def box() -> Box[Pet]:
    return Box(Pet("Al"))


@action(triggers=WEB_GET, sync_to_thread=False)
def derived() -> Derived:
    return Derived()


@action(triggers=WEB_GET, access_control=ScopeAccessControl("read"))
async def guarded() -> Pet:
    return Pet("Al")


@action(triggers=WEB_POST)
def adopt(name: str) -> Pet:
    return Pet(name)


ALL = (pet, several, kennel, box, derived, guarded, adopt)


@pytest.fixture(autouse=True)
def no_calls() -> None:
    CALLS.clear()


@pytest.fixture(params=["graphql-core", "plan"])
def made(request: pytest.FixtureRequest) -> Made:
    return schema_of(*ALL, planned=request.param == "plan")


def test_they_are_fields_that_may_be_null(made: Made) -> None:
    text = made.type("Pet")

    assert text.startswith("type Pet { name: String! friends: [Pet!]! age: Int bestFriend: Pet ")
    assert " greeting(times: Int! = 1, since: Date): String " in text
    assert " secret: String " in text
    assert "self" not in made.sdl


def test_they_run_only_where_they_are_asked_for(made: Made) -> None:
    made.data("{pet{name}}")
    assert CALLS == []

    data = made.data('{pet{greeting(times: 2, since: "2026-05-14") hi: greeting}}')
    assert data == {"pet": {"greeting": "hi hi Al", "hi": "hi Al"}}
    assert [("Al", 2, date(2026, 5, 14)), ("Al", 1, None)] == CALLS


def test_they_run_as_declared(made: Made) -> None:
    assert made.data("{pet{inThread maybeMe}}") == {"pet": {"inThread": True, "maybeMe": None}}


def test_they_are_found_through_lists_optionals_and_unions(made: Made) -> None:
    document = (
        "{pet{friends{greeting bestFriend{greeting}}}"
        " several{... on Pet{greeting} ... on Owner{pets{greeting}}}}"
    )

    assert made.data(document) == {
        "pet": {
            "friends": [
                {"greeting": "hi Bo", "bestFriend": None},
                {"greeting": "hi Cy", "bestFriend": {"greeting": "hi Di"}},
            ]
        },
        "several": [
            {"greeting": "hi Al"},
            None,
            {"pets": [{"greeting": "hi Al"}, {"greeting": "hi Bo"}]},
        ],
    }


def test_models_generics_and_derived_classes_have_them_too(made: Made) -> None:
    assert made.data("{kennel{shout} box{size value{greeting}} derived{name kind}}") == {
        "kennel": {"shout": "K"},
        "box": {"size": 1, "value": {"greeting": "hi Al"}},
        "derived": {"name": "d", "kind": "Derived"},
    }


def test_mutations_have_them_too(made: Made) -> None:
    assert made.data('mutation{adopt(name: "Al"){greeting}}') == {"adopt": {"greeting": "hi Al"}}


def test_a_denied_field_is_null_with_an_error_and_its_siblings_live(made: Made) -> None:
    result = made.ask("{pet{name secret greeting friends{diary name}}}")

    assert result.data == {
        "pet": {
            "name": "Al",
            "secret": None,
            "greeting": "hi Al",
            "friends": [{"diary": None, "name": "Bo"}, {"diary": None, "name": "Cy"}],
        }
    }
    errors = {tuple(error.path or ()): error.original_error for error in result.errors or []}
    assert errors.keys() == {
        ("pet", "secret"),
        ("pet", "friends", 0, "diary"),
        ("pet", "friends", 1, "diary"),
    }
    assert {type(error) for error in errors.values()} == {Unauthorized}
    assert "secret" not in CALLS


def test_scopes_need_no_parameter(made: Made) -> None:
    document = "{pet{secret diary}}"

    allowed = made.ask(document, context=made.context("read"))
    assert allowed.data == {"pet": {"secret": "psst", "diary": "dear"}}
    denied = made.ask(document, context=made.context("write"))
    assert denied.data == {"pet": {"secret": None, "diary": "dear"}}
    assert isinstance((denied.errors or [])[0].original_error, PermissionDenied)
    assert isinstance(made.problem("{guarded{name}}"), Unauthorized)
    assert made.data("{guarded{name}}", context=made.context("read"))


def test_who_asks_is_handed_in(made: Made) -> None:
    data = made.data("{pet{me maybeMe}}", context=made.context("any"))

    assert data == {"pet": {"me": "ann", "maybeMe": "ann"}}
    assert isinstance(made.problem("{pet{me}}"), Unauthorized)


def test_problems_leave_as_they_are(made: Made) -> None:
    problem = made.problem("{pet{lost{name}}}")

    assert isinstance(problem, NotFound)
    assert problem.detail == "It ran away."


@pytest.mark.parametrize("name", ["broken", "brokenToo"])
def test_what_nobody_foresaw_is_logged_and_kept_secret(
    made: Made, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    context = made.context("any")
    context.instance = "urn:uuid:7"
    with caplog.at_level(logging.ERROR, "servey.invoke"):
        result = made.ask(f"{{pet{{name {name}{{name}}}}}}", context=context)

    assert result.data == {"pet": {"name": "Al", name: None}}
    [error] = result.errors or []
    assert isinstance(error.original_error, InternalError)
    assert "secret" not in str(error)
    [record] = caplog.records
    assert "pet_broken" in record.getMessage()
    assert "urn:uuid:7" in record.getMessage()


def test_a_time_limit_is_heeded(made: Made) -> None:
    assert isinstance(made.problem("{pet{slow}}"), ActionTimeout)


def test_what_is_wrong_with_arguments_is_told(made: Made) -> None:
    problem = made.problem('{pet{greeting(since: "soon")}}')

    assert isinstance(problem, InvalidInput)
    assert [error.pointer for error in problem.errors] == ["#/since"]


def test_streams_are_lists(made: Made) -> None:
    assert made.data("{pet{steps(limit: 3)}}") == {"pet": {"steps": [0, 1, 2]}}


def test_kept_results_are_kept(made: Made) -> None:
    assert made.data("{pet{cached(key: 1)}}") == {"pet": {"cached": 1}}
    assert made.data("{pet{cached(key: 1) other: cached(key: 2)}}") == {
        "pet": {"cached": 1, "other": 2}
    }
    assert CALLS == [1, 2]


def test_limits_are_counted(made: Made) -> None:
    context = made.context("any")

    assert made.data("{pet{limited}}", context=context) == {"pet": {"limited": 1}}
    assert isinstance(made.problem("{pet{limited}}", context=context), TooManyRequests)


def test_hints_are_left_with_the_operation(made: Made) -> None:
    context = made.context("any")
    made.data("{pet{age weight greeting bestFriend{name} nearestFriend{name}}}", context=context)

    told = sorted(filter(None, context.hints), key=lambda hint: hint.max_age or 0)
    assert told == [CacheHeaders(max_age=30, private=True), CacheHeaders(max_age=60)]
    assert context.hints.count(None) == 4  # the pet, its greeting and its friends say nothing


COUNTING = """
    from servey_core import Middleware, hookimpl

    SEEN = []

    @hookimpl
    def servey_middleware(action):
        def wrap(call):
            async def around(arguments, context):
                SEEN.append(f"{context.surface} {action.name}")
                return await call(arguments, context)

            return around

        return [Middleware("counting", wrap)]
"""


@pytest.mark.parametrize("planned", [False, True])
def test_they_pass_the_middleware(workplace: Any, planned: bool) -> None:
    workplace.install("counting", COUNTING)
    made = schema_of(pet, planned=planned)

    made.data("{pet{greeting bestFriend{name} nearestFriend{name}}}")

    [plugin] = [one for one in made.runtime.plugins.all if one.name == "counting"]
    seen = importlib.import_module(plugin.module).SEEN
    names = ["pet", "pet_greeting", "pet_best_friend", "pet_nearest_friend"]
    assert seen == [f"graphql {name}" for name in names]


def test_a_named_method_has_its_name() -> None:
    @dataclass
    class Car:
        wheels: int

        @action(name="top_speed", sync_to_thread=False)
        def speed(self) -> int:
            return 9

    def car() -> Car:
        return Car(4)

    car.__annotations__["return"] = Car
    made = schema_of(action(triggers=WEB_GET)(car))

    assert made.data("{car{topSpeed}}") == {"car": {"topSpeed": 9}}


@dataclass
class Book:
    title: str

    @action
    def price(self) -> int:
        return 1


@dataclass
class AudioBook(Book):
    @action(access_control=ALLOW_AUTHENTICATED)
    def price(self) -> int:
        return 2


@action(triggers=WEB_GET)
def books() -> list[Book | AudioBook]:
    return [Book("a"), AudioBook("b")]


def test_a_subclass_beside_its_base_has_actions_of_its_own() -> None:
    asked = schema_of(books).ask("{books{... on Book{price} ... on AudioBook{price}}}")

    assert asked.data == {"books": [{"price": 1}, {"price": None}]}
    assert [error.path for error in asked.errors or ()] == [["books", 1, "price"]]
