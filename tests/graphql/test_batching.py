"""Batches: one call for many parents, for each operation alone."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import pytest
from schemas import Made, schema_of

from servey_core import (
    WEB_GET,
    Authorization,
    BatchInvoker,
    CacheHeaders,
    InternalError,
    NotFound,
    ScopeAccessControl,
    TtlCacheControl,
    Unauthorized,
    action,
)

CALLS: list[Any] = []


async def authors_of(keys: list[int], shout: bool = False) -> list[Author]:
    CALLS.append((keys, shout))
    return [Author(f"author {key}" + "!" * shout) for key in keys]


def ratings_of(keys: list[int]) -> list[float]:
    CALLS.append(keys)
    return [key / 2 for key in keys]


async def prices_of(keys: list[int]) -> list[int]:
    return [NotFound(f"no {key}") if key % 2 else key for key in keys]  # type: ignore[misc]


async def mistakes_of(keys: list[int]) -> list[int]:
    return [ValueError("a secret") if key else key for key in keys]  # type: ignore[misc]


async def too_few(keys: list[int]) -> list[int]:
    return [1]


async def no_list(keys: list[int]) -> list[int]:
    return {key: key for key in keys}  # type: ignore[return-value]


async def failing(keys: list[int]) -> list[int]:
    raise ValueError("a secret")


async def names_of(keys: list[int], who: Authorization) -> list[str]:
    return [f"{who.subject} {key}" for key in keys]


async def marks_of(keys: list[int], who: Authorization | None) -> list[bool]:
    return [who is not None for _ in keys]


def author_key(book: Book) -> int:
    return book.id // 2


def own_key(book: Book) -> int:
    return book.id


def no_key(book: Book) -> int:
    if book.id == 1:
        raise KeyError("a secret")
    return book.id


@dataclass
class Author:
    name: str


@dataclass
class Book:
    id: int

    @action(batch=BatchInvoker(authors_of, key=author_key), cache_control=TtlCacheControl(9))
    async def author(self, shout: bool = False) -> Author:
        CALLS.append(self.id)
        [author] = await authors_of([author_key(self)], shout)
        return author

    @action(batch=BatchInvoker(ratings_of, key=own_key, max_size=2))
    def rating(self) -> float:
        return self.id / 2

    @action(batch=BatchInvoker(marks_of, key=own_key), cache_control=TtlCacheControl(7))
    async def marked(self) -> bool:
        return False

    @action(batch=BatchInvoker(prices_of, key=own_key))
    async def price(self) -> int:
        return self.id

    @action(batch=BatchInvoker(mistakes_of, key=own_key))
    async def mistake(self) -> int:
        return self.id

    @action(batch=BatchInvoker(too_few, key=own_key))
    async def few(self) -> int:
        return self.id

    @action(batch=BatchInvoker(no_list, key=own_key))
    async def no_list(self) -> int:
        return self.id

    @action(batch=BatchInvoker(failing, key=own_key))
    async def failing(self) -> int:
        return self.id

    @action(batch=BatchInvoker(prices_of, key=no_key))
    async def keyless(self) -> int:
        return self.id

    @action(batch=BatchInvoker(names_of, key=own_key), access_control=ScopeAccessControl("read"))
    async def reader(self) -> str:
        return ""


@action(triggers=WEB_GET, sync_to_thread=False)
def books(count: int = 4) -> list[Book]:
    return [Book(number) for number in range(count)]


@pytest.fixture(autouse=True)
def no_calls() -> None:
    CALLS.clear()


@pytest.fixture
def made() -> Made:
    return schema_of(books, planned=True)


def test_many_parents_take_one_call_which_asks_for_each_key_once(made: Made) -> None:
    data = made.data("{books{id author{name}}}")

    assert CALLS == [([0, 1], False)]
    assert [book["author"]["name"] for book in data["books"]] == [
        "author 0",
        "author 0",
        "author 1",
        "author 1",
    ]


def test_arguments_are_handed_in(made: Made) -> None:
    data = made.data("{books(count: 1){author(shout: true){name}}}")

    assert CALLS == [([0], True)]
    assert data == {"books": [{"author": {"name": "author 0!"}}]}


def test_larger_batches_are_several_calls_and_functions_may_block(made: Made) -> None:
    data = made.data("{books(count: 5){rating}}")

    assert sorted(CALLS) == [[0, 1], [2, 3], [4]]
    assert [book["rating"] for book in data["books"]] == [0.0, 0.5, 1.0, 1.5, 2.0]


def test_operations_share_nothing(made: Made) -> None:
    async def both() -> None:
        await asyncio.gather(
            made.asked("{books{author{name}}}"), made.asked("{books{author{name}}}")
        )

    asyncio.run(both())

    assert CALLS == [([0, 1], False), ([0, 1], False)]


def test_graphql_core_gives_the_same_one_by_one() -> None:
    assert schema_of(books).data("{books{author{name} rating}}") == schema_of(
        books, planned=True
    ).data("{books{author{name} rating}}")


def test_an_exception_stands_for_its_key_alone(made: Made) -> None:
    result = made.ask("{books{price}}")

    assert result.data == {"books": [{"price": 0}, {"price": None}, {"price": 2}, {"price": None}]}
    told = [(error.path, error.message) for error in result.errors or []]
    assert told == [(["books", 1, "price"], "no 1"), (["books", 3, "price"], "no 3")]


@pytest.mark.parametrize(
    ("field", "lost"),
    [("mistake", [1]), ("few", [0, 1]), ("noList", [0, 1]), ("failing", [0, 1]), ("keyless", [1])],
)
def test_what_nobody_foresaw_is_logged_and_kept_secret(
    made: Made, field: str, lost: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR, "servey.invoke"):
        result = made.ask(f"{{books(count: 2){{id {field}}}}}")

    assert result.data is not None
    assert [book["id"] for book in result.data["books"] if book[field] is None] == lost
    assert [error.path for error in result.errors or []] == [["books", at, field] for at in lost]
    assert {type(error.original_error) for error in result.errors or []} == {InternalError}
    assert "secret" not in str(result.errors)
    assert len(caplog.records) == 1


def test_access_is_decided_for_all(made: Made) -> None:
    result = made.ask("{books{id reader}}")

    assert result.data is not None
    assert [book["reader"] for book in result.data["books"]] == [None] * 4
    assert {type(error.original_error) for error in result.errors or []} == {Unauthorized}

    asked = made.data("{books(count: 2){reader}}", context=made.context("read"))
    assert asked == {"books": [{"reader": "ann 0"}, {"reader": "ann 1"}]}


def test_hints_are_those_of_the_method(made: Made) -> None:
    context = made.context()
    made.data("{books{author{name}}}", context=context)

    assert set(filter(None, context.hints)) == {CacheHeaders(max_age=9)}


def test_hints_are_private_where_the_function_knows_who_asks(made: Made) -> None:
    context = made.context("any")
    data = made.data("{books(count: 1){marked}}", context=context)

    assert data == {"books": [{"marked": True}]}
    assert set(filter(None, context.hints)) == {CacheHeaders(max_age=7, private=True)}


def test_the_method_serves_single_calls(made: Made) -> None:
    invoker = made.runtime.invoker("book_author")

    author = asyncio.run(Book(2).author())

    assert author == Author("author 1")
    assert CALLS == [2, ([1], False)]
    assert invoker.batch is not None
