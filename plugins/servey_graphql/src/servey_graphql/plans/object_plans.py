"""The objects of one type that one field gives: their fields, and the quickest safe way to them."""

from typing import TYPE_CHECKING, Any

from graphql import GraphQLObjectType
from graphql.pyutils import Undefined, is_awaitable

from servey_graphql.plans.completing import not_of_type
from servey_graphql.plans.leaves import SurpriseError
from servey_graphql.plans.positions import placed
from servey_graphql.plans.type_info import type_info
from servey_graphql.resolvers import IsInstance

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from servey_graphql.plans.executing import Execution
    from servey_graphql.plans.positions import Position, Where
    from servey_graphql.plans.slots import Field

Shown = dict[str, Any]
MOST_CLASSES = 64
"""How many classes of values a plan remembers as fit."""


class ObjectPlan:
    """What is shown of the objects of one type that one field gives.

    Args:
        object_type: The type.
        giver: The field; None for the operation's root.
        fields: What is selected of them, in order.

    Attributes:
        object_type: As given.
        giver: As given.
        fields: As given.
        fit: Classes whose instances are values of the type without further questions.
        pure: Shows an object that has nothing but plain data, or raises anything on a surprise,
            having changed nothing; None where a field is more than data.
        is_lazy: Whether `live` seldom needs the place of the object, and takes what it is made of.
        live: Shows an object whose class is fit; what fails in it is an error already noted, or
            raised as it is.
    """

    __slots__ = ("fields", "fit", "giver", "is_lazy", "live", "object_type", "pure")

    def __init__(
        self, object_type: GraphQLObjectType, giver: "Field | None", fields: "Sequence[Field]"
    ) -> None:
        self.object_type = object_type
        self.giver = giver
        self.fields = fields
        self.fit: set[type] = set()
        self.pure: Callable[[Any], Shown] | None = None
        self.live: Callable[[Any, Execution, Position | Where], Shown] = self.carefully
        self.is_lazy = False

    def complete(self, value: Any, execution: "Execution", position: "Position") -> Shown:
        """Show an object.

        Raises:
            Exception: It is not of the type, or a field is null that may not be.
        """
        if self.pure is not None:
            try:
                return self.pure(value)
            except Exception:  # noqa: BLE001
                self._check(value, execution, position)
                return self.carefully(value, execution, position)
        if type(value) not in self.fit:
            self._check(value, execution, position)
            self._remember(value)
        return self.live(value, execution, position)

    def carefully(self, source: Any, execution: "Execution", where: "Position | Where") -> Shown:
        """Show an object of the type field by field, as the specification has it."""
        position = placed(where)
        shown: Shown = {}
        for field in self.fields:
            shown[field.key] = execution.run(field, source, shown, position)
        return shown

    def admit(self, value: Any) -> None:
        """Remember the class of a value that is of the type.

        Raises:
            SurpriseError: It is not, or only the value itself could say.
        """
        if value is None or value is Undefined or isinstance(value, Exception):
            raise SurpriseError
        if is_awaitable(value) or not self._is_instance(value):
            raise SurpriseError
        self._remember(value)

    def _is_instance(self, value: Any) -> bool:
        is_type_of = self.object_type.is_type_of
        if is_type_of is None:
            return True
        return isinstance(is_type_of, IsInstance) and isinstance(value, is_type_of.cls)

    def _remember(self, value: Any) -> None:
        cls = type(value)
        is_type_of = self.object_type.is_type_of
        if is_type_of is not None and not (
            isinstance(is_type_of, IsInstance) and is_type_of.cls in cls.__mro__
        ):
            return
        if len(self.fit) < MOST_CLASSES:
            self.fit.add(cls)

    def _check(self, value: Any, execution: "Execution", position: "Position") -> None:
        is_type_of = self.object_type.is_type_of
        if is_type_of is None or self.giver is None:
            return
        if not is_type_of(value, type_info(execution, self.giver, position)):
            raise not_of_type(self.object_type, self.giver, value)
