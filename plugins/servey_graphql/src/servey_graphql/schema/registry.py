"""The types that have been met, each under a name that is its own."""

from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

from servey_core import ConfigurationError
from servey_graphql.schema.names import is_name
from servey_graphql.schema.refusals import Giver, refusal
from servey_graphql.schema.scalars import BUILT_IN
from servey_graphql.schema.types import NamedType, ScalarType, Shape

_TAKEN = frozenset((*BUILT_IN, "Mutation", "Query", "Subscription"))

Make = Callable[[], NamedType]


class Registry:
    """The types that have been met.

    Attributes:
        giver: The action or the channel whose types are being looked at; it is named where one
            cannot be made.
        types: The types by their names.
        found_by: The action or the channel that each was first met at.
    """

    def __init__(self, giver: Giver) -> None:
        self.giver = giver
        self.types: dict[str, NamedType] = {}
        self.found_by: dict[str, Giver] = {}
        self._claims: dict[str, tuple[Hashable, str]] = {}
        self._schemas: dict[str, Any] = {}
        self._unmade: deque[tuple[str, Giver, Make]] = deque()

    def scalar(self, name: str) -> Shape:
        """A scalar, which may not be null."""
        if name not in BUILT_IN:
            self.claim(name, ScalarType, "a scalar of Servey's")
            self.types[name] = ScalarType(name)
        return Shape(f"{name}!")

    def is_free(self, name: str, key: Hashable) -> bool:
        """Whether a type can have a name: no other has it."""
        return name not in _TAKEN and self._claims.get(name, (key,))[0] == key

    def claim(self, name: str, key: Hashable, what: str) -> bool:
        """Give a name to a type; tells whether the type is met for the first time.

        Args:
            name: The name.
            key: What tells the type from all others.
            what: What it is, for whoever else wants the name.

        Raises:
            SchemaError: It is no name, or another type has it.
        """
        if not is_name(name):
            raise self.error(
                f"{what} would be the type {name!r}, and a name in GraphQL has the letters a to z, "
                f"digits and underscores alone, of which not two begin it. Rename the class."
            )
        if name in _TAKEN:
            raise self.error(f"{what} has the name {name!r}, which is GraphQL's own. Rename it.")
        if name not in self._claims:
            self._claims[name] = (key, what)
            self.found_by[name] = self.giver
            return True
        if self.is_free(name, key):
            return False
        raise self.error(
            f"two types are named {name!r}, {self._claims[name][1]} and {what}. Rename one of them."
        )

    def make_later(self, name: str, make: Make) -> None:
        """Make a type when there is time: what it is made of may hold it."""
        self._unmade.append((name, self.giver, make))

    def make_all(self) -> None:
        """Make what has been left for later."""
        while self._unmade:
            name, self.giver, make = self._unmade.popleft()
            self.types[name] = make()

    def define(self, schemas: list[Any]) -> None:
        """Keep core schemas that others refer to."""
        self._schemas.update((schema["ref"], schema) for schema in schemas)

    def referred(self, ref: str) -> Any:
        """A core schema that is referred to."""
        return self._schemas[ref]

    def error(self, reason: str) -> ConfigurationError:
        """What is wrong with a type of what is being looked at."""
        return refusal(self.giver, reason)
