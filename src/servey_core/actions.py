"""The decorator `@action`, and the metadata that it attaches to a function."""

import inspect
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar, overload

from servey_core.access import ALLOW_ALL, AccessControl
from servey_core.background import ORDINARY, Background
from servey_core.batching import BatchInvoker
from servey_core.caching import CacheControl
from servey_core.errors import ActionError
from servey_core.examples import Example
from servey_core.idempotency import Idempotency
from servey_core.keeping import ServerCache
from servey_core.naming import kebab_case, snake_case
from servey_core.rate_limits import RateLimit
from servey_core.triggers import Trigger, WebTrigger

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Action:
    """What is known of one action. The function itself stays an ordinary function.

    Attributes:
        function: The function.
        name: A name, unique in the application; an identifier.
        description: What it does: the function's docstring, unless another text was given.
        triggers: When and how it runs.
        access_control: Who may run it.
        cache_control: How long its results may be kept, if at all.
        examples: What it does, by example.
        timeout: After how many seconds a call is given up; None for never.
        sync_to_thread: Whether a synchronous function runs in a thread of the pool; one that
            never blocks is quicker without.
        server_cache: How long its results are kept on the server, if at all.
        idempotency: Whether callers may repeat a call without running it again.
        rate_limits: How often it may be run, and by whom.
        deprecated: Whether callers should stop using it.
        tags: What documents group it by.
        batch: For a method, how it is run for many objects at once.
        background: How it behaves as a background job.
        owner: For a method, the class that it belongs to.
    """

    function: Callable[..., Any]
    name: str
    description: str = ""
    triggers: tuple[Trigger, ...] = ()
    access_control: AccessControl = ALLOW_ALL
    cache_control: CacheControl | None = None
    examples: tuple[Example, ...] = ()
    timeout: float | None = None
    sync_to_thread: bool = True
    server_cache: ServerCache | None = None
    idempotency: Idempotency | None = None
    rate_limits: tuple[RateLimit, ...] = ()
    deprecated: bool = False
    tags: tuple[str, ...] = ()
    batch: BatchInvoker[Any] | None = None
    background: Background = ORDINARY
    owner: type | None = field(default=None)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise self._error("a name is an identifier: letters, digits and underscores.")
        if self.timeout is not None and self.timeout <= 0:
            raise self._error(f"timeout is a number of seconds above 0, not {self.timeout!r}.")
        if self.timeout is not None and not (self.in_thread or self.is_async or self.is_stream):
            raise self._error("a synchronous function can have a timeout only in a thread.")
        self._check_repeats()
        if self.batch is not None:
            self._check_batch()
        names = [example.name for example in self.examples]
        if twice := {name for name in names if names.count(name) > 1}:
            raise self._error(f"two examples are named {twice.pop()!r}.")
        policies = [limit.policy for limit in self.rate_limits]
        if twice := {name for name in policies if policies.count(name) > 1}:
            raise self._error(f"two rate limits are for {twice.pop()!r}; the lower is enough.")

    def _check_repeats(self) -> None:
        """Refuse to keep what cannot be kept."""
        wanted = [name for name in ("server_cache", "idempotency") if getattr(self, name)]
        if wanted and self.is_stream:
            raise self._error(f"{wanted[0]} keeps results, and a stream cannot be kept.")
        unsafe = [one for one in self.triggers if isinstance(one, WebTrigger) and not one.safe]
        if self.server_cache and unsafe:
            raise self._error(f"server_cache is for actions that only read, not for {unsafe[0]}.")
        if len(wanted) > 1:
            raise self._error("what is kept by server_cache needs no idempotency.")

    def _check_batch(self) -> None:
        """Refuse to run at once what can only be run one by one."""
        if self.batch is not None and not inspect.isfunction(self.batch.function):
            raise self._error(f"batch calls a function, not {self.batch.function!r}.")
        if self.is_stream:
            raise self._error("batch asks for many results at once, and a stream is one by one.")
        if self.server_cache or self.idempotency:
            raise self._error("batch does not go with server_cache or idempotency.")

    @cached_property
    def is_async(self) -> bool:
        """Whether the function is a coroutine function."""
        return inspect.iscoroutinefunction(self.function)

    @cached_property
    def is_stream(self) -> bool:
        """Whether the function is an asynchronous generator, whose items leave one by one."""
        return inspect.isasyncgenfunction(self.function)

    @property
    def is_own(self) -> bool:
        """Whether it is no method, or one that its owner has itself rather than inherits."""
        function = self.function
        return self.owner is None or vars(self.owner).get(function.__name__) is function

    @cached_property
    def in_thread(self) -> bool:
        """Whether the function runs in a thread, where nothing can interrupt it."""
        return self.sync_to_thread and not (self.is_async or self.is_stream)

    @property
    def path_name(self) -> str:
        """The name as it stands in a URL: with dashes."""
        return kebab_case(self.name)

    @property
    def place(self) -> str:
        """Where the function was declared, as `file:line`."""
        code = inspect.unwrap(self.function).__code__
        return f"{code.co_filename}:{code.co_firstlineno}"

    @property
    def batched(self) -> "Action | None":
        """The action that runs this one for many objects at once; None where there is none."""
        if self.batch is None:
            return None
        return replace(
            self,
            function=self.batch.function,
            triggers=(),
            cache_control=None,
            examples=(),
            batch=None,
            owner=None,
        )

    def owned_by(self, owner: type) -> "Action":
        """The same action as a method of `owner`, named `<owner>_<method>` unless it was named."""
        given = self.name != self.function.__name__
        name = self.name if given else f"{snake_case(owner.__name__)}_{self.name}"
        return replace(self, name=name, owner=owner)

    def _error(self, reason: str) -> ActionError:
        return ActionError(self.name, self.place, reason)


@dataclass(frozen=True, slots=True)
class Binding:
    """One action with one of its triggers."""

    action: Action
    trigger: Trigger

    def __str__(self) -> str:
        return f"{self.action.name} on {self.trigger}"


@overload
def action(function: FunctionT, /) -> FunctionT: ...
@overload
def action(
    *,
    name: str | None = None,
    description: str | None = None,
    triggers: Trigger | Sequence[Trigger] = (),
    access_control: AccessControl = ALLOW_ALL,
    cache_control: CacheControl | None = None,
    examples: Example | Sequence[Example] = (),
    timeout: float | None = None,
    sync_to_thread: bool = True,
    server_cache: ServerCache | None = None,
    idempotency: Idempotency | None = None,
    rate_limits: RateLimit | Sequence[RateLimit] = (),
    deprecated: bool = False,
    tags: str | Sequence[str] = (),
    batch: BatchInvoker[Any] | None = None,
    background: Background = ORDINARY,
) -> Callable[[FunctionT], FunctionT]: ...
def action(  # noqa: PLR0913 - each is one thing that can be said of an action
    function: Any = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    triggers: Trigger | Sequence[Trigger] = (),
    access_control: AccessControl = ALLOW_ALL,
    cache_control: CacheControl | None = None,
    examples: Example | Sequence[Example] = (),
    timeout: float | None = None,
    sync_to_thread: bool = True,
    server_cache: ServerCache | None = None,
    idempotency: Idempotency | None = None,
    rate_limits: RateLimit | Sequence[RateLimit] = (),
    deprecated: bool = False,
    tags: str | Sequence[str] = (),
    batch: BatchInvoker[Any] | None = None,
    background: Background = ORDINARY,
) -> Any:
    """Make an action of a typed function, coroutine function or method.

    The function is returned as it came, with an attribute `servey_action` that holds an `Action`.

    Args:
        function: The function, where the decorator is used bare: `@action`.
        name: A name, unique in the application; left out, the function's.
        description: What it does, for documents; left out, the function's docstring.
        triggers: When and how it runs; none for an action that is only run by name.
        access_control: Who may run it; combine several with `&` and `|`.
        cache_control: How long its results may be kept.
        examples: What it does, by example; they become documents and tests.
        timeout: After how many seconds a call is given up, as a problem with status 504.
        sync_to_thread: Whether a synchronous function runs in a thread, so that it may block.
        server_cache: How long its results are kept on the server; for actions that only read.
        idempotency: Lets callers repeat a call, by a key, without running it again.
        rate_limits: How often it may be run, and by whom.
        deprecated: Whether callers should stop using it.
        tags: What documents group it by.
        batch: For a method, how it is run for many objects at once.
        background: How it behaves as a background job, wherever it is sent there from.

    Raises:
        ActionError: The declaration cannot work.
    """

    def attach(function: FunctionT) -> FunctionT:
        if not inspect.isfunction(function):
            raise TypeError(
                f"@action decorates a function, not {function!r}: "
                f"put it below @staticmethod, @classmethod and their like."
            )
        function.servey_action = Action(  # type: ignore[attr-defined]
            function=function,
            name=name or function.__name__,
            description=inspect.cleandoc(description or function.__doc__ or ""),
            triggers=_several(triggers, Trigger),
            access_control=access_control,
            cache_control=cache_control,
            examples=_several(examples, Example),
            timeout=timeout,
            sync_to_thread=sync_to_thread,
            server_cache=server_cache,
            idempotency=idempotency,
            rate_limits=_several(rate_limits, RateLimit),
            deprecated=deprecated,
            tags=_several(tags, str),
            batch=batch,
            background=background,
        )
        return function

    return attach if function is None else attach(function)


def action_of(candidate: object) -> Action | None:
    """The action that a function was made into, if it was."""
    found = getattr(candidate, "servey_action", None)
    return found if isinstance(found, Action) else None


OneT = TypeVar("OneT")


def _several(one_or_more: OneT | Sequence[OneT], kind: type[OneT]) -> tuple[OneT, ...]:
    if isinstance(one_or_more, kind):
        return (one_or_more,)
    return tuple(one_or_more)  # type: ignore[arg-type]
