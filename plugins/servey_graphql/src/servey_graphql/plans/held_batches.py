"""Batched fields: one call for all the parents of an operation's field, once none is missing.

Fields with equal arguments that are complete at the same time, as aliases are, share a call.
"""

from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias

from servey_graphql.plans.equality import same_json
from servey_graphql.plans.positions import Key, Position
from servey_graphql.plans.slots import Field, Slot

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from servey_graphql.plans.executing import Execution
    from servey_graphql.resolvers import BatchedField

Place: TypeAlias = tuple[Slot, Key, Any, Position]
"""Where a value that is waited for will stand: the slot, the key, the container, and its place."""


class Call:
    """One call of a batched field.

    Args:
        batch: What is called.
        arguments: Its arguments.
        places: Where its values will stand.
        parents: The parents, one for each place.
    """

    __slots__ = ("arguments", "batch", "parents", "places")

    def __init__(
        self,
        batch: "BatchedField",
        arguments: dict[str, Any],
        places: list[Place],
        parents: list[Any],
    ) -> None:
        self.batch = batch
        self.arguments = arguments
        self.places = places
        self.parents = parents

    def start(self, execution: "Execution") -> "Awaitable[Sequence[Any]]":
        """Start it; raises what the field raises."""
        return self.batch.many(self.parents, self.arguments, execution.context)

    def joins(self, other: "Call") -> bool:
        """Take over the places of another call, if that has the same arguments."""
        if other.batch is not self.batch or not same_json(self.arguments, other.arguments):
            return False
        self.places += other.places
        self.parents += other.parents
        return True


class Batches:
    """The parents that wait for batched fields."""

    __slots__ = ("_held", "_open")

    def __init__(self) -> None:
        self._held: dict[Field, tuple[list[Place], list[Any]]] = {}
        self._open: dict[Field, int] = {}

    def __bool__(self) -> bool:
        return bool(self._held)

    def hold(self, field: Field, container: Any, above: Position, parent: Any) -> None:
        """Let a parent wait for a batched field."""
        held = self._held.get(field)
        if held is None:
            held = self._held[field] = ([], [])
        held[0].append((field, field.key, container, above))
        held[1].append(parent)

    def open(self, places: Iterable[Place]) -> None:
        """Let batches below wait for values that are being got."""
        self._count(places, 1)

    def close(self, places: Iterable[Place]) -> None:
        """Let batches below wait no more: the values have come, or never will."""
        self._count(places, -1)

    def take(self, execution: "Execution") -> list[Call]:
        """Take the calls that miss no parent; what has no arguments by the variables fails."""
        calls: list[Call] = []
        for field in [field for field in self._held if self._is_complete(field)]:
            places, parents = self._held.pop(field)
            if field.batch is None:
                continue
            try:
                arguments = field.arguments_of(execution)
            except Exception as error:  # noqa: BLE001
                deliver(execution, places, repeat(error))
                continue
            if execution.errors:
                pairs = zip(places, parents, strict=True)
                alive = [(place, parent) for place, parent in pairs if not place[3].is_dead()]
                places, parents = [place for place, _ in alive], [parent for _, parent in alive]
            call = Call(field.batch, arguments, places, parents)
            if places and not any(other.joins(call) for other in calls):
                calls.append(call)
        return calls

    def _count(self, places: Iterable[Place], change: int) -> None:
        for slot, *_ in places:
            if slot.field.gates_batches:
                self._open[slot.field] = self._open.get(slot.field, 0) + change

    def _is_complete(self, field: Field) -> bool:
        return not any(self._open.get(above) or above in self._held for above in field.ancestors)


def deliver(execution: "Execution", places: Sequence[Place], values: Iterable[Any]) -> None:
    """Put the values of a batch in their places."""
    for place, value in zip(places, values, strict=False):
        execution.arrive(place, value)


def values_of(value: Any, count: int) -> Iterable[Any]:
    """What a batch gave, for each of its places: an exception stands for all."""
    if isinstance(value, Exception):
        return repeat(value)
    try:
        values = list(value)
    except Exception as error:  # noqa: BLE001
        return repeat(error)
    if len(values) == count:
        return values
    return repeat(ValueError(f"a batch for {count} parents gave {len(values)} values"))
