"""The circumstances of one operation."""

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

    __slots__ = ("address", "authorization", "hints", "idempotency_key", "instance")

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

    def for_call(self) -> Context:
        """The circumstances of the call of one action."""
        return Context(
            self.authorization,
            SURFACE,
            self.instance,
            address=self.address,
            idempotency_key=self.idempotency_key,
        )
