"""The one way to run an action."""

import asyncio
import contextvars
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from waiting import PATIENCE

from servey_core import (
    ALLOW_AUTHENTICATED,
    ActionTimeout,
    Authorization,
    CacheHeaders,
    Context,
    InternalError,
    InvalidInput,
    Invoker,
    Middleware,
    NotFound,
    Outcome,
    PermissionDenied,
    ScopeAccessControl,
    SecureHashCacheControl,
    ServerCache,
    TtlCacheControl,
    Unauthorized,
    action,
    action_of,
)
from servey_core.threads import WorkerPool

ROOT = Authorization("root", frozenset({"root"}))
variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")


def invoker(
    function: Callable[..., Any], *middleware: Middleware, pool: WorkerPool | None = None
) -> Invoker:
    known = action_of(function)
    assert known is not None
    return Invoker(known, pool or WorkerPool(2, 10), middleware)


async def call(
    function: Callable[..., Any],
    text: bytes = b"{}",
    authorization: Authorization | None = None,
    *middleware: Middleware,
) -> Outcome:
    made = invoker(function, *middleware)
    return await made.invoke(made.signature.from_json, text, Context(authorization))


def run(*arguments: Any) -> Outcome:
    return asyncio.run(call(*arguments))


@action
def in_a_thread(name: str) -> str:
    return f"{name} {threading.current_thread() is threading.main_thread()}"


@action(sync_to_thread=False)
def right_away(name: str) -> str:
    return f"{name} {threading.current_thread() is threading.main_thread()}"


@action
async def awaited(name: str) -> str:
    await asyncio.sleep(0)
    return f"{name} {threading.current_thread() is threading.main_thread()}"


@pytest.mark.parametrize(
    ("function", "in_main"), [(in_a_thread, False), (right_away, True), (awaited, True)]
)
def test_a_function_runs_where_it_should(function: Callable[..., Any], in_main: bool) -> None:
    outcome = run(function, b'{"name": "x"}')
    assert outcome.value == f"x {in_main}"
    assert outcome.to_json() == f'"x {in_main}"'.encode()


@action(access_control=ScopeAccessControl("root"))
async def guarded(number: int) -> int:
    return number


def test_the_caller_is_checked_before_the_input() -> None:
    with pytest.raises(Unauthorized) as nobody:
        run(guarded, b"not json")
    assert nobody.value.headers["WWW-Authenticate"] == "Bearer"
    with pytest.raises(PermissionDenied) as somebody:
        run(guarded, b"not json", Authorization("s"))
    assert somebody.value.headers["WWW-Authenticate"] == (
        'Bearer error="insufficient_scope", scope="root"'
    )
    with pytest.raises(InvalidInput):
        run(guarded, b'{"number": "x"}', ROOT)
    assert run(guarded, b'{"number": 1}', ROOT).value == 1


def test_credentials_out_of_their_time_are_refused() -> None:
    past = Authorization("r", frozenset({"root"}), expires_at=datetime.now(UTC) - timedelta(1))
    with pytest.raises(Unauthorized) as caught:
        run(guarded, b'{"number": 1}', past)
    assert 'error="invalid_token"' in caught.value.headers["WWW-Authenticate"]


@action
def who(authorization: Authorization | None) -> str | None:
    return authorization and authorization.subject


@action
def who_surely(authorization: Authorization) -> str | None:
    return authorization.subject


def test_authorization_is_injected() -> None:
    assert run(who).value is None
    assert run(who, b"{}", ROOT).value == "root"
    assert run(who_surely, b"{}", ROOT).value == "root"
    with pytest.raises(Unauthorized):
        run(who_surely)


class UnforeseenError(Exception): ...


@action
async def fails(how: str) -> str:
    if how == "problem":
        raise NotFound("There is none.")
    if how == "input":
        return str(invoker(guarded).signature.from_json(b"{}"))
    if how == "result":
        return 5  # type: ignore[return-value]
    raise UnforeseenError("canary")


def test_a_problem_passes_as_it_is() -> None:
    with pytest.raises(NotFound, match=r"There is none\."):
        run(fails, b'{"how": "problem"}')


def test_what_nobody_foresaw_is_logged_with_the_calls_id(caplog: pytest.LogCaptureFixture) -> None:
    made = invoker(fails)
    context = Context()
    with pytest.raises(InternalError) as caught, caplog.at_level(logging.ERROR):
        asyncio.run(made.invoke(made.signature.from_json, b'{"how": "x"}', context))
    assert isinstance(caught.value.__cause__, UnforeseenError)
    assert "canary" not in str(caught.value)
    (record,) = caplog.records
    assert record.instance == context.instance  # type: ignore[attr-defined]
    assert context.instance in record.getMessage()
    assert record.exc_info is not None


@action(server_cache=ServerCache(60))
async def leaves() -> str:
    raise SystemExit(3)


def test_an_action_whose_results_are_kept_does_not_end_the_process(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(InternalError):
        run(leaves)
    assert "It would have exited the process with 3." in caplog.text


def test_a_result_of_another_type_is_a_failure_of_the_action(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outcome = run(fails, b'{"how": "result"}')
    with pytest.raises(InternalError), caplog.at_level(logging.ERROR):
        outcome.to_json()
    assert "fails" in caplog.text
    assert "Expected `str`" in caplog.text


@pytest.mark.parametrize(
    ("control", "guard", "expected"),
    [
        (None, None, None),
        (TtlCacheControl(30), None, CacheHeaders(30)),
        (TtlCacheControl(timedelta(days=2)), None, CacheHeaders(172800)),
        (TtlCacheControl(30), ALLOW_AUTHENTICATED, CacheHeaders(30, private=True)),
    ],
)
def test_caching_hints(control: Any, guard: Any, expected: CacheHeaders | None) -> None:
    options = {"access_control": guard} if guard else {}

    @action(cache_control=control, **options)
    async def cached() -> int:
        return 1

    assert run(cached, b"{}", ROOT).cache_headers() == expected


def test_a_result_that_depends_on_the_caller_is_private() -> None:
    @action(cache_control=TtlCacheControl(1))
    async def mine(caller: Authorization | None) -> str:
        return str(caller)

    assert run(mine).cache_headers() == CacheHeaders(1, private=True)


def test_equal_results_have_equal_hashes() -> None:
    @action(cache_control=SecureHashCacheControl(5))
    async def some(numbers: set[int]) -> set[int]:
        return numbers

    first = run(some, b'{"numbers": [1, 2, 3]}').cache_headers()
    second = run(some, b'{"numbers": [3, 2, 1]}').cache_headers()
    other = run(some, b'{"numbers": [4]}').cache_headers()
    assert first == second != other
    assert first is not None
    assert first.etag


def test_middleware_wraps_in_order() -> None:
    seen: list[str] = []

    def layer(name: str, order: int) -> Middleware:
        def wrap(inner: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            async def wrapped(arguments: dict[str, Any], context: Context) -> Any:
                seen.append(f"{name} before")
                result = await inner({**arguments, "name": arguments["name"] + name}, context)
                seen.append(f"{name} after")
                return result

            return wrapped

        return Middleware(name, wrap, order)

    outcome = run(right_away, b'{"name": "x"}', None, layer("inner", 2), layer("outer", 1))
    assert outcome.value == "xouterinner True"
    assert seen == ["outer before", "inner before", "inner after", "outer after"]


def test_a_coroutine_is_cancelled_at_its_time_limit() -> None:
    ended: list[str] = []

    @action(timeout=0.01)
    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(ActionTimeout, match=r"0\.01 s"):
        run(slow)
    assert ended == ["cancelled"]


def test_a_timeout_of_the_actions_own_is_a_failure() -> None:
    @action(timeout=60)
    async def own() -> None:
        raise TimeoutError

    with pytest.raises(InternalError):
        run(own)


def test_a_thread_at_its_time_limit_is_reported_and_replaced(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, release = threading.Event(), threading.Event()

    @action(timeout=0.01)
    def stuck() -> None:
        begun.set()
        release.wait(PATIENCE)

    @action
    def quick() -> str:
        return "still served"

    async def main() -> None:
        pool = WorkerPool(1, 5)
        blocked, free = invoker(stuck, pool=pool), invoker(quick, pool=pool)
        while not begun.is_set():  # on a busy machine the time may be up before a thread is there
            with pytest.raises(ActionTimeout):
                await blocked.invoke(blocked.signature.from_json, b"{}", Context())
        assert list(pool.stuck) == ["action 'stuck'"]
        assert pool.starved
        served = await free.invoke(free.signature.from_json, b"{}", Context())
        assert served.value == "still served"
        release.set()
        await asyncio.to_thread(pool.close, 5)
        assert not pool.stuck

    asyncio.run(main())
    assert "action 'stuck' was given up and still holds a thread" in caplog.text
    assert "ended after" in caplog.text


@pytest.mark.parametrize("function", [in_a_thread, right_away, awaited])
def test_context_variables_travel(function: Callable[..., Any]) -> None:
    def read() -> str:
        return variable.get("unset")

    async def read_async() -> str:
        return variable.get("unset")

    known = action_of(function)
    assert known is not None
    reader = read_async if known.is_async else read
    action(sync_to_thread=known.sync_to_thread)(reader)

    async def main() -> str:
        variable.set("from the caller")
        return str((await call(reader)).value)

    assert asyncio.run(main()) == "from the caller"


def test_one_blocking_action_does_not_hold_up_the_loop() -> None:
    release = threading.Event()

    @action
    def blocks() -> str:
        release.wait(PATIENCE)
        return "released"

    async def main() -> tuple[Any, Any]:
        waiting = asyncio.ensure_future(call(blocks))
        quick = await call(awaited, b'{"name": "quick"}')
        release.set()
        return quick.value, (await waiting).value

    began = time.monotonic()
    assert asyncio.run(main()) == ("quick True", "released")
    assert time.monotonic() - began < 20
