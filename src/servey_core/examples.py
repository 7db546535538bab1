"""What actions do and channels tell, by example: shown in documents, and tested on surfaces."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, final

from servey_core.authorization import Authorization
from servey_core.errors import ProblemError

EventT = TypeVar("EventT")


@final
class Unspecified:
    """The type of `UNSPECIFIED`."""

    def __repr__(self) -> str:
        return "UNSPECIFIED"


UNSPECIFIED: Final = Unspecified()
"""Stands for an example's result where only success is claimed."""


@dataclass(frozen=True)
class Example:
    """One call of an action and what comes of it.

    Attributes:
        name: A name, unique among the action's examples.
        params: The arguments, by name: Python values, or what they look like in JSON.
        result: What the action returns; left out, only that it succeeds.
        raises: The problem that the call ends in, where it does not succeed.
        authorization: Who calls.
        description: What it shows, for a person.
        include_in_tests: Whether it becomes a test.
        include_in_schema: Whether documents show it.
    """

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)
    result: Any = UNSPECIFIED
    raises: type[ProblemError] | None = None
    authorization: Authorization | None = None
    description: str = ""
    include_in_tests: bool = True
    include_in_schema: bool = True


@dataclass(frozen=True)
class EventExample(Generic[EventT]):
    """One event of a channel, and who is told of it.

    Where neither `reaches` nor `misses` says anything, somebody who may listen does, made up by the
    channel's access control, and gets it where the channel's filter lets it pass.

    Attributes:
        name: A name, unique among the channel's examples.
        event: The event.
        reaches: Listeners who get it.
        misses: Listeners who do not: it is kept from them, or they may not listen.
        description: What it shows, for a person.
        include_in_tests: Whether it becomes a test.
        include_in_schema: Whether documents show it.
    """

    name: str
    event: EventT
    reaches: tuple[Authorization | None, ...] = ()
    misses: tuple[Authorization | None, ...] = ()
    description: str = ""
    include_in_tests: bool = True
    include_in_schema: bool = True
