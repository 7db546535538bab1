"""Sending an action to the background, from anywhere: `enqueue(send_mail, to="ann@x.org")`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, ParamSpec, Self, TypeVar, overload
from uuid import uuid4

from servey_core.access import authorise
from servey_core.authorization import Authorization
from servey_core.current import known_runtime, starts_here
from servey_core.durations import seconds_of
from servey_core.errors import (
    ConfigurationError,
    Unauthorized,
)
from servey_core.idempotency import MAX_KEY, is_key
from servey_core.job_arguments import apart, by_name, named, written
from servey_core.job_handles import Job, job_of
from servey_core.runtime import Runtime, start
from servey_core.tasks import JobOrder

if TYPE_CHECKING:
    from servey_core.invocation import Invoker

P = ParamSpec("P")
T = TypeVar("T")

_ONE_START = Lock()


@dataclass(frozen=True, slots=True)
class _Options:
    """What is said of a job beyond its arguments; None leaves it to the action."""

    delay: float = 0.0
    at: datetime | None = None
    priority: int | None = None
    idempotency_key: str | None = None
    keep_result: float | None = None
    max_retries: int | None = None
    authorization: Authorization | None = None
    runtime: Runtime | None = None

    def changed(self, given: Mapping[str, Any]) -> "_Options":
        """The same with what is given, once it is known to make sense."""
        said = {name: value for name, value in given.items() if value is not None}
        for span in ("delay", "keep_result"):
            if span in said:
                said[span] = seconds_of(said[span], span)
        if "at" in said and said["at"].utcoffset() is None:
            raise ValueError(f"at: {said['at'].isoformat()} has no time zone, so it is no moment.")
        if "delay" in said and "at" in said:
            raise ValueError("Give delay or at, not both: each says when the job may start.")
        if said.get("max_retries", 0) < 0:
            raise ValueError(f"max_retries: {said['max_retries']} is negative.")
        if "idempotency_key" in said and not is_key(said["idempotency_key"]):
            raise ValueError(f"An idempotency key is 1 to {MAX_KEY} printable ASCII characters.")
        when: dict[str, Any] = {"delay": 0.0, "at": None} if {"delay", "at"} & said.keys() else {}
        return replace(self, **(when | said))

    @property
    def seconds(self) -> float:
        """After how many seconds the job may start."""
        if self.at is None:
            return self.delay
        return max(0.0, (self.at - datetime.now(UTC)).total_seconds())


class _Sending:
    """What the four ways to enqueue have in common: options, and making orders."""

    __slots__ = ("_options",)

    def __init__(self, options: _Options | None = None) -> None:
        self._options = options or _Options()

    def using(  # noqa: PLR0913 - each is one thing that can be said of a job
        self,
        *,
        delay: float | timedelta | None = None,
        at: datetime | None = None,
        priority: int | None = None,
        idempotency_key: str | None = None,
        keep_result: float | timedelta | None = None,
        max_retries: int | None = None,
        authorization: Authorization | None = None,
        runtime: Runtime | None = None,
    ) -> Self:
        """The same with options: `enqueue.using(delay=60)(send_mail, to="ann@example.com")`.

        Args:
            delay: After how long the job may start, in seconds or as a `timedelta`.
            at: When it may start, instead; with its time zone.
            priority: Which jobs of a queue go first: those with a smaller number.
            idempotency_key: A name for the job, whichever time it is sent: of jobs of one action
                and caller with one key, one is run. Sending it again is safe.
            keep_result: For how long its result is kept, so that it can be waited for.
            max_retries: How often it is tried again after it failed.
            authorization: For whom it runs. The access decision is made now, and a token that
                expires meanwhile does not keep the job from running.
            runtime: The application; left out, the one that runs this code.
        """
        given = {
            "delay": delay,
            "at": at,
            "priority": priority,
            "idempotency_key": idempotency_key,
            "keep_result": keep_result,
            "max_retries": max_retries,
            "authorization": authorization,
            "runtime": runtime,
        }
        changed = copy(self)
        changed._options = self._options.changed(given)  # noqa: SLF001 - of this class
        return changed

    def _runtime(self) -> Runtime:
        return self._options.runtime or current_runtime()

    def _order(self, invoker: "Invoker", values: Mapping[str, Any]) -> JobOrder:
        action, signature, options = invoker.action, invoker.signature, self._options
        authorization = options.authorization
        if signature.injected or signature.responses:
            values, authorization = apart(signature, values, authorization)
        authorise(action.access_control, authorization)
        if authorization is None and any(signature.injected.values()):
            raise Unauthorized("Credentials are needed.")
        arguments = written(invoker, values)
        rule, key = action.background, options.idempotency_key
        job_id = str(uuid4()) if key is None else named(action.name, authorization, key)
        if key is None and action.idempotency is not None and action.idempotency.required:
            key = job_id
        kept = rule.keep_result if options.keep_result is None else options.keep_result
        return JobOrder(
            id=job_id,
            action=action,
            arguments=arguments,
            authorization=authorization,
            delay=options.seconds,
            priority=rule.priority if options.priority is None else options.priority,
            max_retries=rule.max_retries if options.max_retries is None else options.max_retries,
            idempotency_key=key,
            keep_result=0.0 if kept is None else seconds_of(kept),
        )


class Enqueue(_Sending):
    """Enqueues a job: `enqueue(action, ...)`, with the arguments of the action itself.

    When it returns, the job is as durable as the task queue is. It blocks, for some milliseconds
    at most where all is well: on an event loop, `await aenqueue(action, ...)` does not.

    Raises:
        InvalidInput: The arguments are not what the action takes.
        Unauthorized: The action wants to know its caller, and nobody was named, or somebody whose
            credentials are not in force.
        PermissionDenied: Its caller may not run it.
        QueueFull: There is no room.
        Unavailable: The queue cannot be used just now.
        ConfigurationError: The function is not an action of the application, or cannot be sent
            its arguments.
        TypeError: The function does not take as many arguments.
    """

    __slots__ = ()

    @overload
    def __call__(
        self, action: Callable[P, AsyncIterator[Any]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Job[Any]: ...
    @overload
    def __call__(
        self, action: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Job[T]: ...
    @overload
    def __call__(self, action: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Job[T]: ...
    def __call__(self, action: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job[Any]:
        """Enqueue a job."""
        runtime = self._runtime()
        order = self._order(runtime.invoker_of(action), by_name(action, args, kwargs))
        runtime.task_queue.put([order])
        return job_of(order, runtime)


class AsyncEnqueue(_Sending):
    """Enqueues a job without blocking the event loop: `await aenqueue(action, ...)`.

    It is `enqueue` otherwise.
    """

    __slots__ = ()

    @overload
    async def __call__(
        self, action: Callable[P, AsyncIterator[Any]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Job[Any]: ...
    @overload
    async def __call__(
        self, action: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> Job[T]: ...
    @overload
    async def __call__(
        self, action: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Job[T]: ...
    async def __call__(self, action: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Job[Any]:
        """Enqueue a job."""
        runtime = self._runtime()
        order = self._order(runtime.invoker_of(action), by_name(action, args, kwargs))
        await runtime.task_queue.aput([order])
        return job_of(order, runtime)


class Ordering(_Sending):
    """What a way to enqueue later begins with: `using`, and orders that nobody is given yet."""

    __slots__ = ()

    def order(
        self, action: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[Runtime, JobOrder]:
        """Make an order for a call of an action, with the application that it is for.

        Args:
            action: The action.
            args: The call's arguments by position.
            kwargs: Its arguments by name.

        Raises:
            ConfigurationError: The function is not an action of the application.
            ProblemError: As with `enqueue`.
        """
        runtime = self._runtime()
        return runtime, self._order(runtime.invoker_of(action), by_name(action, args, kwargs))


class _SendingMany(_Sending):
    """What both ways to enqueue many have in common."""

    __slots__ = ()

    def _orders(
        self, runtime: Runtime, action: Callable[..., Any], arguments: Iterable[Mapping[str, Any]]
    ) -> list[JobOrder]:
        if self._options.idempotency_key is not None:
            raise ValueError("An idempotency key names one job: use `enqueue` for each.")
        invoker = runtime.invoker_of(action)
        orders = [self._order(invoker, by_name(action, (), values)) for values in arguments]
        if self._options.at is None:
            return orders
        # The clock has gone on meanwhile, and what differs in its delay does not go in one step.
        return [replace(order, delay=orders[0].delay) for order in orders]


class EnqueueMany(_SendingMany):
    """Enqueues many jobs of one action in one step: `enqueue_many(action, [{"to": "ann"}, ...])`.

    All of them are taken or, where there is no room, none. After `Unavailable` some may have been;
    see `Enqueue`.
    """

    __slots__ = ()

    @overload
    def __call__(
        self, action: Callable[..., AsyncIterator[Any]], arguments: Iterable[Mapping[str, Any]], /
    ) -> list[Job[Any]]: ...
    @overload
    def __call__(
        self, action: Callable[..., Awaitable[T]], arguments: Iterable[Mapping[str, Any]], /
    ) -> list[Job[T]]: ...
    @overload
    def __call__(
        self, action: Callable[..., T], arguments: Iterable[Mapping[str, Any]], /
    ) -> list[Job[T]]: ...
    def __call__(
        self, action: Callable[..., Any], arguments: Iterable[Mapping[str, Any]], /
    ) -> list[Job[Any]]:
        """Enqueue a job for each set of arguments."""
        runtime = self._runtime()
        orders = self._orders(runtime, action, arguments)
        runtime.task_queue.put(orders)
        return [job_of(order, runtime) for order in orders]


class AsyncEnqueueMany(_SendingMany):
    """Enqueues many jobs without blocking the event loop; it is `EnqueueMany` otherwise."""

    __slots__ = ()

    @overload
    async def __call__(
        self, action: Callable[..., AsyncIterator[Any]], arguments: Iterable[Mapping[str, Any]], /
    ) -> list[Job[Any]]: ...
    @overload
    async def __call__(
        self, action: Callable[..., Awaitable[T]], arguments: Iterable[Mapping[str, Any]], /
    ) -> list[Job[T]]: ...
    @overload
    async def __call__(
        self, action: Callable[..., T], arguments: Iterable[Mapping[str, Any]], /
    ) -> list[Job[T]]: ...
    async def __call__(
        self, action: Callable[..., Any], arguments: Iterable[Mapping[str, Any]], /
    ) -> list[Job[Any]]:
        """Enqueue a job for each set of arguments."""
        runtime = self._runtime()
        orders = self._orders(runtime, action, arguments)
        await runtime.task_queue.aput(orders)
        return [job_of(order, runtime) for order in orders]


enqueue = Enqueue()
aenqueue = AsyncEnqueue()
enqueue_many = EnqueueMany()
aenqueue_many = AsyncEnqueueMany()


def current_runtime() -> Runtime:
    """The application that runs this code; in a script, the one that its settings name.

    Raises:
        ConfigurationError: It cannot start, or it is just starting.
    """
    if starts_here():
        raise ConfigurationError(
            "A module sends something to the background while the application imports it, which "
            "knows no actions yet. Do so in an action, in a service, or in a script: below "
            '`if __name__ == "__main__":`.'
        )
    return known_runtime() or _started()


def _started() -> Runtime:
    """The application that the settings name, which the first thread to need it starts."""
    with _ONE_START:
        return known_runtime() or start()


def order_job(
    runtime: Runtime,
    name: str,
    values: Mapping[str, Any],
    **options: Any,
) -> JobOrder:
    """Make an order for an action by its name, for whoever has no function at hand.

    Args:
        runtime: The application.
        name: The action's name.
        values: Its arguments, by name.
        **options: As `enqueue.using` takes them.

    Raises:
        UnknownNameError: There is no such action.
        ProblemError: As with `enqueue`.
    """
    sending = _Sending(_Options().changed(options))
    return sending._order(runtime.invoker(name), values)  # noqa: SLF001 - of this module
