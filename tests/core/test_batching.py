"""Batches are declared on methods, by functions that can stand in for them."""

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from servey_core import (
    Action,
    ActionError,
    Authorization,
    BatchInvoker,
    Context,
    Idempotency,
    Invoker,
    ScopeAccessControl,
    ServerCache,
    SignatureError,
    TtlCacheControl,
    Unauthorized,
    action,
    action_of,
    start,
)
from servey_core.threads import WorkerPool


@dataclass
class Book:
    id: int


def key_of(book: Book) -> int:
    return book.id


async def names_of(keys: list[int], loud: bool = False) -> list[str]:
    return [f"{key}{'!' * loud}" for key in keys]


def declared(function: Any, **options: Any) -> Action:
    """The action of a method that a function batches."""

    async def name(self: Book, loud: bool = False) -> str:
        return str(self.id)

    name.__annotations__["self"] = Book
    made = action(batch=BatchInvoker(function, key=key_of), **options)(name)
    found = action_of(made)
    assert found is not None
    return found.owned_by(Book)


def invoker_of(function: Any, **options: Any) -> Invoker:
    return Invoker(declared(function, **options), WorkerPool(1, 1))


def refusal(function: Any) -> str:
    with pytest.raises(ActionError) as raised:
        invoker_of(function)
    assert raised.value.action == "book_name"
    assert raised.value.place.startswith(__file__)
    return str(raised.value)


def test_the_function_runs_by_the_same_rules() -> None:
    batch = invoker_of(names_of, access_control=ScopeAccessControl("read")).batch
    assert batch is not None
    start_call = batch.starter(lambda keys: {"keys": keys})

    with pytest.raises(Unauthorized):
        start_call([1], Context())

    reader = Context(Authorization("ann", frozenset(["read"])))

    async def call() -> Any:
        return await start_call([1, 2], reader)

    assert asyncio.run(call()) == ["1", "2"]


def test_an_action_without_a_batch_has_none() -> None:
    async def alone() -> int:
        return 1

    found = action_of(action(alone))
    assert found is not None
    assert found.batched is None
    assert Invoker(found, WorkerPool(1, 1)).batch is None


def test_a_cache_hint_stays_with_the_method() -> None:
    invoker = invoker_of(names_of, cache_control=TtlCacheControl(3))

    assert invoker.action.cache_control is not None
    assert invoker.batch is not None
    assert invoker.batch.action.cache_control is None


def test_a_batch_takes_one_key_at_least() -> None:
    with pytest.raises(ValueError, match="one key at least, not 0"):
        BatchInvoker(names_of, key=key_of, max_size=0)


@pytest.mark.parametrize(
    "options", [{"server_cache": ServerCache(3)}, {"idempotency": Idempotency()}]
)
def test_what_is_kept_call_by_call_has_no_batches(options: Any) -> None:
    with pytest.raises(ActionError, match="batch does not go with server_cache or idempotency"):
        declared(names_of, **options)


def test_a_stream_has_no_batches() -> None:
    async def stream(self: Book) -> Any:
        yield 1

    with pytest.raises(ActionError, match="a stream is one by one"):
        action(batch=BatchInvoker(names_of, key=key_of))(stream)


def test_what_is_called_is_a_function() -> None:
    with pytest.raises(ActionError, match="batch calls a function, not"):
        declared("names_of")


def test_only_methods_have_batches() -> None:
    @action(batch=BatchInvoker(names_of, key=key_of))
    async def alone() -> int:
        return 1

    found = action_of(alone)
    assert found is not None
    with pytest.raises(ActionError, match="batch is for methods of the classes that actions"):
        start(actions=[found])


def test_the_first_parameter_takes_the_keys() -> None:
    async def nothing() -> list[str]:
        return []

    async def asker(who: Authorization, loud: bool = False) -> list[str]:
        return []

    told = "cannot be called for many: its first parameter takes the keys."
    assert told in refusal(nothing)
    assert told in refusal(asker)


def test_the_other_parameters_are_those_of_the_method() -> None:
    async def fewer(keys: list[int]) -> list[str]:
        return []

    async def other_type(keys: list[int], loud: int = 0) -> list[str]:
        return []

    async def needed(keys: list[int], loud: bool) -> list[str]:
        return []

    assert (
        "fewer() cannot be called for many: after the keys it takes what the method takes: loud."
        in refusal(fewer)
    )
    assert "its parameter 'loud' is of another type than the method's." in refusal(other_type)
    assert "its parameter 'loud' has no default, and the method's has one." in refusal(needed)


def test_the_function_needs_annotations() -> None:
    async def bare(keys, loud: bool = False) -> list[str]:  # type: ignore[no-untyped-def]
        return []

    assert "parameter 'keys' has no annotation" in refusal(bare)
    with pytest.raises(SignatureError):
        invoker_of(bare)
