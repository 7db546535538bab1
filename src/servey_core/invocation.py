"""The one way to run an action; every surface goes through it.

An `Invoker` is compiled at start-up, one for each action. A call is authorised, its arguments are
read and checked, it passes the middleware, runs (awaited, in a thread, or right away) within its
time limit, and leaves as an `Outcome` that serialises itself and knows its caching hint. Whatever
goes wrong leaves as a `ProblemError`.
"""

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import PydanticSerializationError

from servey_core.access import authorise
from servey_core.actions import Action
from servey_core.batching import mismatch
from servey_core.caching import CacheHeaders
from servey_core.contexts import Context
from servey_core.errors import (
    ActionError,
    ActionTimeout,
    InternalError,
    ProblemError,
    Unauthorized,
)
from servey_core.outcomes import Outcome
from servey_core.rate_limits import RateLimiter, RateLimitStatus
from servey_core.repeats import kept, once
from servey_core.results import PageResponse
from servey_core.signatures import Arguments, Signature
from servey_core.state.memory import MemoryStore
from servey_core.state.store import StateStore
from servey_core.stored_replies import StoredReply
from servey_core.streams import collected, in_time
from servey_core.threads import WorkerPool

_log = logging.getLogger("servey.invoke")

Call = Callable[[Arguments, Context], Awaitable[Any]]
Read = Callable[[Any], Arguments]
Answer = Callable[[Arguments, Context], Awaitable[Outcome]]
Invoke = Callable[[Read, Any, Context], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Middleware:
    """Something that wraps the calls of an action.

    Attributes:
        name: What it is, for reports.
        wrap: Given the next call inwards, makes one around it. It is called once, at start-up.
        order: Where it stands; smaller is further out.
    """

    name: str
    wrap: Callable[[Call], Call]
    order: int = 0


class Invoker:
    """Runs one action.

    Args:
        action: The action.
        pool: The threads for functions that block.
        middleware: What wraps the calls.
        state: Gives where what outlives a call is kept; asked when it is first needed.
        limited: Whether the action's rate limits are in force.

    Attributes:
        action: The action.
        signature: What it takes and gives.
        batch: What runs the action for many objects at once; None where nothing does.
        depends_on_caller: Whether not everybody gets the same result, or gets one at all.
        direct: Whether what `starter` gives, `failure` and `serialise` are all there is to a call.
        uses_context: Whether a call that is only started heeds its context.
        invoke: Runs the action once: `await invoke(read, raw, context)` gives its `Outcome`.
            `read` reads the arguments from `raw`; it is a method of `signature`, such as
            `from_json`. Raises `ProblemError` where the call does not succeed; failures that the
            action's author did not foresee are logged, and leave as `InternalError` with their
            cause.

    Raises:
        SignatureError: The function is annotated in a way that cannot work.
        ActionError: The action's cache control does not suit its results.
    """

    def __init__(
        self,
        action: Action,
        pool: WorkerPool,
        middleware: Iterable[Middleware] = (),
        state: Callable[[], StateStore] = MemoryStore,
        *,
        limited: bool = True,
    ) -> None:
        self.action = action
        self.signature = Signature(action)
        self._check_cache_control()
        middleware = list(middleware)
        batched = action.batched
        self.batch = (
            None if batched is None else Invoker(batched, pool, middleware, state, limited=limited)
        )
        self._check_batch()
        self._pool = pool
        self._label = f"action {action.name!r}"
        guarded = not action.access_control.public
        self.depends_on_caller = guarded or bool(self.signature.injected)
        layers = sorted(middleware, key=lambda layer: layer.order, reverse=True)
        injects = bool(self.signature.injected or self.signature.responses)
        self._injects = injects
        self._wrapped = bool(layers) or self.signature.returned.with_page
        self.uses_context = self.depends_on_caller or injects or self._wrapped
        self._call = self._compose(layers)
        self._limits = action.rate_limits if limited else ()
        self.direct = not (
            action.is_stream or action.server_cache or action.idempotency or self._limits
        )
        self.invoke = self._compile_invoke() if self.direct else self._compile_whole(state)

    def starter(self, read: Read) -> Callable[[Any, Context], Awaitable[Any]]:
        """Make what starts a call: `await start(raw, context)`.

        It authorises the call, reads its arguments and gives what the action returns; and it
        raises whatever the action raises. `invoke` is the same, made whole.

        Args:
            read: What reads the arguments from `raw`; a method of `signature`, such as `from_json`.
        """
        checked, access_control = self.depends_on_caller, self.action.access_control
        injects, inject = self._injects, self._inject
        call, function = self._call, self.action.function

        def start(raw: Any, context: Context) -> Awaitable[Any]:
            if checked:
                authorise(access_control, context.authorization)
            arguments = read(raw)
            if injects:
                inject(arguments, context)
            return call(arguments, context)

        def start_plain(raw: Any, context: Context) -> Awaitable[Any]:  # noqa: ARG001
            return function(**read(raw))  # type: ignore[no-any-return]

        plain = self.action.is_async and self.is_plain
        return start_plain if plain else start

    def now(self, read: Read) -> Callable[[Any, Context], Any] | None:
        """Make what runs the action right where it is called: `value = run(raw, context)`.

        It is the same as what `starter` gives, without waiting: it raises whatever the action
        raises. None where there is something to wait for, or more to a call than that: a thread,
        a coroutine, a middleware, limits, kept results or earlier tries.

        Args:
            read: What reads the arguments from `raw`, as for `starter`.
        """
        action = self.action
        if action.is_async or action.sync_to_thread or self._wrapped or not self.direct:
            return None
        checked, access_control = self.depends_on_caller, action.access_control
        injects, inject, function = self._injects, self._inject, action.function

        def run(raw: Any, context: Context) -> Any:
            if checked:
                authorise(access_control, context.authorization)
            arguments = read(raw)
            if injects:
                inject(arguments, context)
            return function(**arguments)

        return run

    @property
    def is_plain(self) -> bool:
        """Whether nothing stands around a direct call: no access control, middleware or limit."""
        return not self.uses_context and self.action.timeout is None

    def serialise(self, value: Any, context: Context) -> bytes:
        """Write a result as JSON.

        Raises:
            InternalError: It is not of the annotated type.
        """
        try:
            return self.signature.result_to_json(value)
        except PydanticSerializationError as error:
            raise self.failure(error, context) from error

    def cache_headers(self, value: Any, body: bytes) -> CacheHeaders | None:
        """The caching hint of a result; private where it may depend on the caller.

        Args:
            value: The result.
            body: The same as JSON.
        """
        if self.action.cache_control is None:
            return None
        headers = self.action.cache_control.headers(value, body)
        return replace(headers, private=True) if self.depends_on_caller else headers

    def failure(self, error: BaseException, context: Context) -> InternalError:
        """Log what the action's author did not foresee, and give what the caller is told."""
        _log.error(
            "%s failed: %s",
            self._label,
            context.instance,
            exc_info=error,
            extra={"action": self.action.name, "instance": context.instance},
        )
        return InternalError()

    def _compile_invoke(self) -> Invoke:
        failure, starter = self.failure, self.starter

        async def invoke(read: Read, raw: Any, context: Context) -> Outcome:
            try:
                value = await starter(read)(raw, context)
            except ProblemError:
                raise
            except Exception as error:
                raise failure(error, context) from error
            return Outcome(value, self, context)

        return invoke

    def _compile_whole(self, state: Callable[[], StateStore]) -> Invoke:
        """What heeds limits, kept results, earlier tries and streams, too."""
        action, failure = self.action, self.failure
        answer: Answer = self._answer
        if action.server_cache is not None:
            answer = kept(answer, action.server_cache, by_caller=self.depends_on_caller)
        if action.idempotency is not None:
            answer = once(answer, self._replay, action, state)
        count = self._counter(state)

        async def invoke(read: Read, raw: Any, context: Context) -> Outcome:
            try:
                authorise(action.access_control, context.authorization)
                if count is not None:
                    context.rate_limit = await count(context)
                return await answer(read(raw), context)
            except ProblemError:
                raise
            except Exception as error:
                raise failure(error, context) from error

        return invoke

    async def _answer(self, arguments: Arguments, context: Context) -> Outcome:
        if self._injects:
            arguments = {**arguments}  # which may be known by what was read alone
            self._inject(arguments, context)
        try:
            value = await self._call(arguments, context)
        except SystemExit as error:  # it may be run by a task of ours, and would end the process
            cause = RuntimeError(f"It would have exited the process with {error.code!r}.")
            raise cause from error
        if self.action.is_stream and not context.streams:
            value = self.signature.returned.whole(await collected(value))
        return Outcome(value, self, context)

    def _replay(self, reply: StoredReply, context: Context) -> Outcome:
        return Outcome.of_reply(reply, self, context)

    def _counter(
        self, state: Callable[[], StateStore]
    ) -> Callable[[Context], Awaitable[RateLimitStatus]] | None:
        """What counts a call against the action's limits; None where it has none."""
        if not self._limits:
            return None
        made: list[RateLimiter] = []

        def count(context: Context) -> Awaitable[RateLimitStatus]:
            if not made:
                counter = state().hit_counter()
                made.append(RateLimiter(self.action.name, self._limits, counter))
            who = context.authorization
            return made[0].hit(None if who is None else who.subject, context.address)

        return count

    def _check_cache_control(self) -> None:
        if self.action.cache_control is None:
            return
        try:
            self.action.cache_control.check(self.signature.returned.annotation)
        except ValueError as error:
            raise ActionError(self.action.name, self.action.place, str(error)) from None

    def _check_batch(self) -> None:
        if self.batch is None:
            return
        action, function = self.action, self.batch.action.function
        if action.owner is None:
            reason = "batch is for methods of the classes that actions return."
            raise ActionError(action.name, action.place, reason)
        first = next(iter(inspect.signature(function).parameters), "")
        reason = mismatch(self.signature.parameters, self.batch.signature.parameters, first)
        if reason:
            reason = f"{function.__name__}() cannot be called for many: {reason}."
            raise ActionError(action.name, self.batch.action.place, reason)

    def _inject(self, arguments: Arguments, context: Context) -> None:
        for name, required in self.signature.injected.items():
            if required and context.authorization is None:
                raise Unauthorized("Credentials are needed.")
            arguments[name] = context.authorization
        for name in self.signature.responses:
            arguments[name] = context.response

    def _compose(self, layers: Sequence[Middleware]) -> Call:
        call = self._innermost()
        if self.signature.returned.with_page:
            call = _without_page(call)
        for layer in layers:
            call = layer.wrap(call)
        return call if self.action.timeout is None else self._within_time(call)

    def _innermost(self) -> Call:
        function, pool, label = self.action.function, self._pool, self._label
        if self.action.is_async:

            def start(arguments: Arguments, context: Context) -> Awaitable[Any]:  # noqa: ARG001
                return function(**arguments)  # type: ignore[no-any-return]

            return start
        if self.action.in_thread:

            def hand_over(arguments: Arguments, context: Context) -> Awaitable[Any]:  # noqa: ARG001
                return pool.run(function, arguments, label)

            return hand_over

        async def call_now(arguments: Arguments, context: Context) -> Any:  # noqa: ARG001
            return function(**arguments)

        return call_now

    def _within_time(self, call: Call) -> Call:
        own = self.action.timeout
        is_stream = self.action.is_stream
        assert own is not None  # noqa: S101 - the caller asks for it

        async def limited(arguments: Arguments, context: Context) -> Any:
            limit = own if context.time_limit is None else context.time_limit
            try:
                async with asyncio.timeout(limit) as scope:
                    value = await call(arguments, context)
            except TimeoutError:
                if not scope.expired():  # the action's own, of something it called
                    raise
                raise ActionTimeout(f"It took longer than {limit:g} s.") from None
            return in_time(value, limit) if is_stream else value

        return limited


def _without_page(call: Call) -> Call:
    """Around a call that may give a page: what is left is its model."""

    async def model_of(arguments: Arguments, context: Context) -> Any:
        value = await call(arguments, context)
        return context.response.take_page(value) if isinstance(value, PageResponse) else value

    return model_of
