"""The circumstances of one call, which its surface knows."""

from typing import TYPE_CHECKING

from servey_core.authorization import Authorization
from servey_core.problems import new_instance
from servey_core.results import Response

if TYPE_CHECKING:
    from servey_core.rate_limits import RateLimitStatus


class Context:
    """The circumstances of one call.

    Attributes:
        authorization: Who calls; None for a caller without credentials.
        surface: Where the call came in: `rest`, `cli`, ...
        streams: Whether the surface takes a stream as it comes; where not, it is given a list.
        address: The IP address that the call came from; None where it came from none.
        idempotency_key: What the caller calls this call, whichever try it is.
        rate_limit: What the action's limits leave to the caller, once they have been asked.
        time_limit: After how many seconds the call is given up, where that is not for the action's
            own `timeout` to say.
    """

    __slots__ = (
        "_instance",
        "_response",
        "address",
        "authorization",
        "idempotency_key",
        "rate_limit",
        "streams",
        "surface",
        "time_limit",
    )

    def __init__(  # noqa: PLR0913 - each is one circumstance
        self,
        authorization: Authorization | None = None,
        surface: str = "function",
        instance: str = "",
        *,
        streams: bool = False,
        address: str | None = None,
        idempotency_key: str | None = None,
    ) -> None:
        self.authorization = authorization
        self.surface = surface
        self.streams = streams
        self.address = address
        self.idempotency_key = idempotency_key
        self.rate_limit: RateLimitStatus | None = None
        self.time_limit: float | None = None
        self._instance = instance
        self._response: Response | None = None

    @property
    def instance(self) -> str:
        """The id of the call, a URI, which problems and the log carry."""
        if not self._instance:
            self._instance = new_instance()
        return self._instance

    @property
    def response(self) -> Response:
        """What the action adds to the response."""
        if self._response is None:
            self._response = Response()
        return self._response
