"""The one way to run an action; every surface goes through it.

An `Invoker` is compiled at start-up, one for each action. A call is authorised, its arguments are
read and checked, it passes the middleware, runs (awaited, in a thread, or right away) within its
time limit, and leaves as an `Outcome` that serialises itself and knows its caching hint. Whatever
goes wrong leaves as a `ProblemError`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic_core import PydanticSerializationError

from servey_core.actions import Action
from servey_core.authorization import Authorization
from servey_core.caching import CacheHeaders
from servey_core.errors import (
    ActionTimeout,
    InternalError,
    PermissionDenied,
    ProblemError,
    Unauthorized,
)
from servey_core.problems import new_instance
from servey_core.signatures import Arguments, Signature
from servey_core.threads import WorkerPool

_log = logging.getLogger("servey.invoke")

Call = Callable[[Arguments, "Context"], Awaitable[Any]]


class Context:
    """The circumstances of one call.

    Attributes:
        authorization: Who calls; None for a caller without credentials.
        surface: Where the call came in: `rest`, `cli`, ...
    """

    __slots__ = ("_instance", "authorization", "surface")

    def __init__(
        self,
        authorization: Authorization | None = None,
        surface: str = "function",
        instance: str = "",
    ) -> None:
        self.authorization = authorization
        self.surface = surface
        self._instance = instance

    @property
    def instance(self) -> str:
        """The id of the call, a URI, which problems and the log carry."""
        if not self._instance:
            self._instance = new_instance()
        return self._instance


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


Invoke = Callable[[Callable[[Any], Arguments], Any, Context], Awaitable["Outcome"]]


class Outcome:
    """What an action returned, and the forms it can leave in.

    Attributes:
        value: What the action returned.
    """

    __slots__ = ("_body", "_context", "_invoker", "value")

    def __init__(self, value: Any, invoker: "Invoker", context: Context) -> None:
        self.value = value
        self._invoker = invoker
        self._context = context
        self._body: bytes | None = None

    def to_json(self) -> bytes:
        """The value as JSON, by the return annotation.

        Raises:
            InternalError: The value is not of the annotated type; the log says how.
        """
        if self._body is None:
            self._body = self._invoker.serialise(self.value, self._context)
        return self._body

    def cache_headers(self) -> CacheHeaders | None:
        """The caching hint; None where the action has no cache control."""
        return self._invoker.cache_headers(self)


class Invoker:
    """Runs one action.

    Args:
        action: The action.
        pool: The threads for functions that block.
        middleware: What wraps the calls.

    Attributes:
        action: The action.
        signature: What it takes and gives.

    Raises:
        SignatureError: The function is annotated in a way that cannot work.
    """

    def __init__(
        self, action: Action, pool: WorkerPool, middleware: Iterable[Middleware] = ()
    ) -> None:
        self.action = action
        self.signature = Signature(action)
        self._pool = pool
        self._label = f"action {action.name!r}"
        self._guarded = not action.access_control.public
        self._checked = self._guarded or bool(self.signature.injected)
        self.invoke: Invoke = self._compile(tuple(middleware))
        """Runs the action once: `await invoke(read, raw, context)`.

        `read` reads the arguments from `raw`; it is a method of `signature`, such as `from_json`.
        Raises `ProblemError` where the call does not succeed; failures that the action's author
        did not foresee are logged, and leave as `InternalError` with their cause."""

    def _compile(self, middleware: Sequence[Middleware]) -> "Invoke":
        checked, authorise = self._checked, self._authorise
        injected, inject = bool(self.signature.injected), self._inject
        call, function = self._compose(middleware), self.action.function
        action = self.action
        inline = not (action.is_async or action.sync_to_thread or action.timeout or middleware)

        async def invoke(read: Callable[[Any], Arguments], raw: Any, context: Context) -> Outcome:
            try:
                if checked:
                    authorise(context.authorization)
                arguments = read(raw)
                if injected:
                    inject(arguments, context.authorization)
                value = function(**arguments) if inline else await call(arguments, context)
            except ProblemError:
                raise
            except Exception as error:
                raise self._failure(error, context) from error
            return Outcome(value, self, context)

        return invoke

    def serialise(self, value: Any, context: Context) -> bytes:
        """Write a result as JSON.

        Raises:
            InternalError: It is not of the annotated type.
        """
        try:
            return self.signature.result_to_json(value)
        except PydanticSerializationError as error:
            raise self._failure(error, context) from error

    def cache_headers(self, outcome: Outcome) -> CacheHeaders | None:
        """The caching hint of a result; private where it may depend on the caller."""
        control = self.action.cache_control
        if control is None:
            return None
        headers = control.headers(outcome.value, outcome.to_json())
        return replace(headers, private=True) if self._checked else headers

    def _authorise(self, authorization: Authorization | None) -> None:
        if authorization is not None and not authorization.holds_now():
            raise Unauthorized("The credentials are not in force now.", error="invalid_token")
        if not self._guarded or self.action.access_control.allows(authorization):
            return
        if authorization is None:
            raise Unauthorized("Credentials are needed.")
        raise _insufficient_scope(self.action)

    def _inject(self, arguments: Arguments, authorization: Authorization | None) -> None:
        for name, required in self.signature.injected.items():
            if required and authorization is None:
                raise Unauthorized("Credentials are needed.")
            arguments[name] = authorization

    def _compose(self, middleware: Iterable[Middleware]) -> Call:
        call = self._innermost()
        for layer in sorted(middleware, key=lambda layer: layer.order, reverse=True):
            call = layer.wrap(call)
        return call if self.action.timeout is None else self._within_time(call)

    def _innermost(self) -> Call:
        function, pool, label = self.action.function, self._pool, self._label
        if self.action.is_async:

            def start(arguments: Arguments, context: Context) -> Awaitable[Any]:  # noqa: ARG001
                return function(**arguments)  # type: ignore[no-any-return]

            return start
        if self.action.sync_to_thread:

            def hand_over(arguments: Arguments, context: Context) -> Awaitable[Any]:  # noqa: ARG001
                return pool.run(function, arguments, label)

            return hand_over

        async def call_now(arguments: Arguments, context: Context) -> Any:  # noqa: ARG001
            return function(**arguments)

        return call_now

    def _within_time(self, call: Call) -> Call:
        limit = self.action.timeout

        async def limited(arguments: Arguments, context: Context) -> Any:
            try:
                async with asyncio.timeout(limit) as scope:
                    return await call(arguments, context)
            except TimeoutError:
                if not scope.expired():  # the action's own, of something it called
                    raise
                raise ActionTimeout(f"It took longer than {limit:g} s.") from None

        return limited

    def _failure(self, error: Exception, context: Context) -> InternalError:
        _log.error(
            "%s failed: %s",
            self._label,
            context.instance,
            exc_info=error,
            extra={"action": self.action.name, "instance": context.instance},
        )
        return InternalError()


def _insufficient_scope(action: Action) -> PermissionDenied:
    """As RFC 6750, section 3.1, has it."""
    alternatives = action.access_control.scope_alternatives
    challenge = 'Bearer error="insufficient_scope"'
    if len(alternatives) == 1 and alternatives[0]:
        challenge += f', scope="{" ".join(sorted(alternatives[0]))}"'
    return PermissionDenied(
        "The credentials do not allow this.", headers={"WWW-Authenticate": challenge}
    )
