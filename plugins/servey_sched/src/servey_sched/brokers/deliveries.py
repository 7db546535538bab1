"""A message that was delivered, and which delivery it is."""

from typing import Any, Generic, TypeVar

import dramatiq

L = TypeVar("L")


class Delivered(dramatiq.MessageProxy, Generic[L]):
    """A delivered message; each broker has a subclass.

    Attributes:
        lease: Which delivery it is.
    """

    def __init__(self, message: dramatiq.Message[Any], lease: L) -> None:
        super().__init__(message)
        self.lease = lease

    @classmethod
    def lease_of(cls, message: dramatiq.MessageProxy) -> L:
        """Which delivery a message is.

        Raises:
            TypeError: Another broker has delivered it, or none.
        """
        if not isinstance(message, cls):
            raise TypeError(f"{message!r} was not delivered by this broker.")
        return message.lease
