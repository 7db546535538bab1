"""One call for many: what a method gives for each of several objects, asked for at once."""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

if TYPE_CHECKING:
    from servey_core.signatures import Parameter

ParentT = TypeVar("ParentT")

Many: TypeAlias = Sequence[Any]


@dataclass(frozen=True, slots=True)
class BatchInvoker(Generic[ParentT]):
    """Says how the action of a method is run for many objects at once.

    It stands in the method's declaration: `@action(batch=BatchInvoker(authors_of, key=...))`. The
    method itself serves the single calls; a surface that needs it for many objects, such as the
    items of a list, calls the function instead. Callers share no calls, nor what comes of them.

    Attributes:
        function: Gives the results for many keys: `function(keys, ...)`, with the method's other
            parameters under their names. It may be a coroutine function. What it returns is a
            list as long as the keys and in their order; an exception in it stands for the result
            of that key alone.
        key: The key of an object, which can be hashed; each is asked for once.
        max_size: How many keys one call takes at most.

    Raises:
        ValueError: `max_size` is below 1.
    """

    function: Callable[..., Many | Awaitable[Many]]
    key: Callable[[ParentT], Hashable]
    max_size: int = 100

    def __post_init__(self) -> None:
        if self.max_size < 1:
            raise ValueError(f"A call takes one key at least, not {self.max_size!r}.")


def mismatch(
    method: "Mapping[str, Parameter]", function: "Mapping[str, Parameter]", first: str
) -> str:
    """Why a function cannot stand in for a method; nothing where it can.

    Args:
        method: What callers give the method, the object first.
        function: What callers give the function.
        first: The first of all the function's parameters.
    """
    if first not in function:
        return "its first parameter takes the keys"
    given = dict(list(method.items())[1:])
    taken = {name: one for name, one in function.items() if name != first}
    if given.keys() != taken.keys():
        return f"after the keys it takes what the method takes: {', '.join(given) or 'nothing'}"
    for name, parameter in given.items():
        if parameter.annotation != taken[name].annotation:
            return f"its parameter {name!r} is of another type than the method's"
        if not parameter.required and taken[name].required:
            return f"its parameter {name!r} has no default, and the method's has one"
    return ""
