"""The circumstances of one operation."""

from typing import Any

from servey_core import Authorization, CacheHeaders, Context

SURFACE = "graphql"
"""The name of the surface."""


class OperationContext:
    """The circumstances of one operation, which all its fields share.

    Attributes:
        authorization: Who asks; None for a caller without credentials.
        instance: The id of the call, a URI, which problems and the log carry.
        address: The IP address that the request came from.
        idempotency_key: What the caller calls this request, whichever try it is.
        hints: The caching hints of the fields that actions gave; None among them for a field whose
            action says nothing of caching.
    """

    __slots__ = ("_calls", "address", "authorization", "hints", "idempotency_key", "instance")

    def __init__(
        self,
        authorization: Authorization | None = None,
        instance: str = "",
        address: str | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        self.authorization = authorization
        self.instance = instance
        self.address = address
        self.idempotency_key = idempotency_key
        self.hints: list[CacheHeaders | None] = []
        self._calls: dict[str, int] = {}

    def for_call(self) -> Context:
        """The circumstances of the call of one action."""
        return Context(
            self.authorization,
            SURFACE,
            self.instance,
            address=self.address,
        )

    def for_repeatable_call(self, action: str) -> Context:
        """The circumstances of the call of an action that heeds keys.

        The second call of the same action in an operation has a key of its own, and so on: fields
        of mutations run in their order, the next time as well.

        Args:
            action: The action's name.
        """
        context = self.for_call()
        if self.idempotency_key is not None:
            calls = self._calls[action] = self._calls.get(action, 0) + 1
            own = "" if calls == 1 else f"/{calls}"
            context.idempotency_key = self.idempotency_key + own
        return context


class EventContext(OperationContext):
    """The circumstances of what a subscription shows of one event.

    Args:
        operation: The circumstances of the subscription.
        event: The event.

    Attributes:
        event: As given.
    """

    __slots__ = ("event",)

    def __init__(self, operation: OperationContext, event: Any) -> None:
        super().__init__(operation.authorization, operation.instance, operation.address)
        self.event = event
