"""Actions that need no waiting run right where they are called, by the same rules."""

import asyncio
from typing import Any

import pytest

from servey_core import (
    ALLOW_AUTHENTICATED,
    Authorization,
    BadRequest,
    Context,
    Idempotency,
    InvalidInput,
    Invoker,
    Middleware,
    RateLimit,
    Response,
    ServerCache,
    Unauthorized,
    action,
    action_of,
)
from servey_core.threads import WorkerPool

ANN = Context(Authorization("ann"))


def invoker_of(function: Any, *middleware: Middleware, **options: Any) -> Invoker:
    found = action_of(action(**{"sync_to_thread": False, **options})(function))
    assert found is not None
    return Invoker(found, WorkerPool(1, 1), middleware)


def double(number: int) -> int:
    return number * 2


def now(invoker: Invoker) -> Any:
    run = invoker.now(invoker.signature.from_json)
    assert run is not None
    return run


def test_the_value_is_there_at_once() -> None:
    assert now(invoker_of(double))(b'{"number": 3}', Context()) == 6


def test_it_is_what_waiting_gives() -> None:
    def greet(name: str, who: Authorization, response: Response) -> str:
        response.headers["X-Name"] = name
        return f"{name} {who.subject}"

    invoker = invoker_of(greet, access_control=ALLOW_AUTHENTICATED)
    text = b'{"name": "Al"}'

    async def waited() -> Any:
        return await invoker.starter(invoker.signature.from_json)(text, ANN)

    assert now(invoker)(text, ANN) == asyncio.run(waited()) == "Al ann"
    assert ANN.response.headers == {"X-Name": "Al"}


def test_access_is_decided_before_arguments_are_read() -> None:
    run = now(invoker_of(double, access_control=ALLOW_AUTHENTICATED))

    with pytest.raises(Unauthorized):
        run(b"no json", Context())
    with pytest.raises(BadRequest):
        run(b"no json", ANN)


def test_what_is_wrong_with_arguments_is_told() -> None:
    with pytest.raises(InvalidInput):
        now(invoker_of(double))(b'{"number": "3"}', Context())


def test_credentials_that_are_needed_are_asked_for() -> None:
    def who_am_i(who: Authorization) -> str:
        return str(who.subject)

    with pytest.raises(Unauthorized):
        now(invoker_of(who_am_i))(b"{}", Context())


def test_what_the_action_raises_is_raised() -> None:
    def fail() -> int:
        raise KeyError("it")

    with pytest.raises(KeyError):
        now(invoker_of(fail))(b"{}", Context())


async def awaited() -> int:
    return 1


WAITING = [
    invoker_of(awaited),
    invoker_of(double, sync_to_thread=True),
    invoker_of(double, sync_to_thread=True, timeout=1),
    invoker_of(double, Middleware("same", lambda call: call)),
    invoker_of(double, server_cache=ServerCache(3)),
    invoker_of(double, idempotency=Idempotency()),
    invoker_of(double, rate_limits=RateLimit("1/minute")),
]


@pytest.mark.parametrize("invoker", WAITING)
def test_what_there_is_to_wait_for_is_not_run_at_once(invoker: Invoker) -> None:
    assert invoker.now(invoker.signature.from_json) is None
