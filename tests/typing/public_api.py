"""What type checkers must see: `@action` leaves the type of what it decorates as it is.

Nothing here is run: mypy and pyright read it, and compare.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import assert_type

from servey_core import (
    ALLOW_ALL,
    WEB_GET,
    Action,
    Authorization,
    Example,
    ScopeAccessControl,
    TimestampCacheControl,
    TtlCacheControl,
    action,
    action_of,
)


@action
def bare(name: str, times: int = 1) -> str:
    return name * times


@action(triggers=WEB_GET)
def with_arguments(name: str, *, loud: bool = False) -> list[str]:
    return [name.upper() if loud else name]


@action(
    name="another",
    description="With everything.",
    triggers=(WEB_GET,),
    access_control=ScopeAccessControl("read") & ALLOW_ALL,
    cache_control=TtlCacheControl(30) & TimestampCacheControl(lambda _: None),
    examples=[Example("one", {"number": 1}, 2)],
    timeout=1.5,
    deprecated=True,
    tags=["numbers"],
)
def with_everything(number: int, authorization: Authorization | None = None) -> int:
    return number + (authorization is None)


@action
async def bare_async(name: str) -> bytes:
    return name.encode()


@action(triggers=(WEB_GET,), timeout=3)
async def async_with_arguments(number: int) -> dict[str, int]:
    return {"number": number}


class Stats:
    @action
    def mean(self, digits: int = 2) -> float:
        return round(1.0, digits)

    @action(triggers=WEB_GET)
    async def median(self) -> float:
        return 1.0


assert_type(bare("a"), str)
assert_type(bare("a", times=2), str)
assert_type(with_arguments("a", loud=True), list[str])
assert_type(with_everything(1), int)
assert_type(Stats().mean(), float)
assert_type(Stats.mean(Stats(), digits=3), float)
assert_type(action_of(bare), Action | None)

bare("a", wrong=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
bare(1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
with_arguments("a", True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

as_callable: Callable[[str, int], str] = bare
as_coroutine_function: Callable[[str], Awaitable[bytes]] = bare_async


async def coroutine_functions_stay_what_they_are() -> AsyncIterator[bytes]:
    assert_type(await bare_async("a"), bytes)
    assert_type(await async_with_arguments(1), dict[str, int])
    assert_type(await Stats().median(), float)
    yield await bare_async("a")
