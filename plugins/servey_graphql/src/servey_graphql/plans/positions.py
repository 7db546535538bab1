"""Where in the response a value stands, and which places a failure has emptied."""

from typing import Any

Key = str | int
Where = tuple["Position | None", Key, Any, bool]
"""What a `Position` is made of; it is made when it is needed."""


class Position:
    """The place of one value.

    Args:
        above: The place of the object or list that holds it; None for the whole data.
        key: The response name or the index there.
        container: The object or list itself, in which a failure writes null.
        nullable: Whether null may stand here.

    Attributes:
        above: As given.
        key: As given.
        container: As given.
        nullable: As given.
        failed: Whether an error has put null here.
    """

    __slots__ = ("above", "container", "failed", "key", "nullable")

    def __init__(self, above: "Position | None", key: Key, container: Any, nullable: bool) -> None:  # noqa: FBT001
        self.above = above
        self.key = key
        self.container = container
        self.nullable = nullable
        self.failed = False

    def path(self) -> list[Key]:
        """The response names and indexes that lead here."""
        keys: list[Key] = []
        here = self
        while here.above is not None:
            keys.append(here.key)
            here = here.above
        return keys[::-1]

    def is_dead(self) -> bool:
        """Whether null has been put here or anywhere above: nobody will see what comes."""
        here: Position | None = self
        while here is not None:
            if here.failed:
                return True
            here = here.above
        return False

    def nearest_nullable(self) -> "Position":
        """This place, or the nearest above it, that may be null; the whole data always may."""
        here = self
        while not here.nullable and here.above is not None:
            here = here.above
        return here


def placed(where: Position | Where) -> Position:
    """A place, which may be described only so far."""
    return where if isinstance(where, Position) else Position(*where)


def whole_data() -> Position:
    """The place of an operation's data, `container["data"]`."""
    return Position(None, "data", {"data": None}, nullable=True)
