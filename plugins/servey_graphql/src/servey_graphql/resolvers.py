"""How a field's value is got: of its parent, by an action, or by one call for many parents.

Each is a resolver as graphql-core calls them, so that its executor can run any document. A plan
knows them by their classes, and calls what is quicker.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    from servey_graphql.contexts import OperationContext

Arguments = dict[str, Any]
Info: TypeAlias = "GraphQLResolveInfo[OperationContext]"


class Attribute:
    """A field of the parent's own.

    Args:
        name: The attribute, or the key.
        is_key: Whether the parent is a mapping; one without the key has None there.
        convert: What makes of the value what the field's type takes; None where it is that.

    Attributes:
        name: As given.
        is_key: As given.
        convert: As given.
    """

    __slots__ = ("convert", "is_key", "name")

    def __init__(
        self, name: str, *, is_key: bool = False, convert: Callable[[Any], Any] | None = None
    ) -> None:
        self.name = name
        self.is_key = is_key
        self.convert = convert

    def __call__(self, source: Any, info: Info) -> Any:  # noqa: ARG002
        """The value of one parent, for graphql-core."""
        return self.of(source)

    def of(self, source: Any) -> Any:
        """The value of one parent."""
        value = source.get(self.name) if self.is_key else getattr(source, self.name)
        return value if self.convert is None else self.convert(value)


Start = Callable[[Any, Arguments, "OperationContext"], Awaitable[Any]]
Now = Callable[[Any, Arguments, "OperationContext"], Any]
Many = Callable[[Sequence[Any], Arguments, "OperationContext"], Awaitable[Sequence[Any]]]


class ActionField:
    """A field that an action gives.

    Args:
        start: Starts the action: `await start(parent, arguments, context)`. The arguments are as
            graphql-core coerces them. It raises `ProblemError`; what nobody foresaw is logged.
        now: The same without waiting, for an action that is run right where it is called; None
            where there is a thread, a coroutine, a time limit or a middleware to it.

    Attributes:
        start: As given.
        now: As given.
    """

    __slots__ = ("now", "start")

    def __init__(self, start: Start, now: Now | None = None) -> None:
        self.start = start
        self.now = now

    def __call__(self, source: Any, info: Info, /, **arguments: Any) -> Any:
        """The value for one parent; the parent of a root field is None."""
        if self.now is not None:
            return self.now(source, arguments, info.context)
        return self.start(source, arguments, info.context)


class BatchedField:
    """A field that one call of an action gives for many parents.

    Args:
        many: Starts the action for several parents at once, in their order:
            `await many(parents, arguments, context)`. What it gives is as long as `parents`; an
            exception among it stands for the value of that parent alone. It raises like
            `ActionField.start`, for all parents.

    Attributes:
        many: As given.
    """

    __slots__ = ("many",)

    def __init__(self, many: Many) -> None:
        self.many = many

    async def __call__(self, source: Any, info: Info, /, **arguments: Any) -> Any:
        """The value for one parent alone."""
        [value] = await self.many([source], arguments, info.context)
        if isinstance(value, Exception):
            raise value
        return value


class IsInstance:
    """What an object type asks of a value, `is_type_of`: that it is of a class.

    Args:
        cls: The class.

    Attributes:
        cls: As given.
    """

    __slots__ = ("cls",)

    def __init__(self, cls: type) -> None:
        self.cls = cls

    def __call__(self, value: Any, info: Info) -> bool:  # noqa: ARG002
        """Whether the value is of the class, or of one that derives from it."""
        return isinstance(value, self.cls)


class ClassNames:
    """How a union or an interface knows a value's object type, `resolve_type`: by its class.

    Args:
        names: The name of each class's object type.

    Attributes:
        names: As given.
    """

    __slots__ = ("names",)

    def __init__(self, names: Mapping[type, str]) -> None:
        self.names = names

    def of(self, cls: type) -> str | None:
        """The name for a class or its nearest base; None where there is none."""
        return next((self.names[base] for base in cls.__mro__ if base in self.names), None)

    def __call__(self, value: Any, info: Info, abstract_type: Any) -> str | None:  # noqa: ARG002
        """The name of the value's object type; None where its class is a stranger."""
        return self.of(type(value))
