"""What goes wrong for a client."""

from collections.abc import Mapping
from typing import Any

from servey_core import ServeyError


class ClientError(ServeyError):
    """A client could not do what it was asked to."""


class ChannelProblem(ClientError):  # noqa: N818 - it is a problem
    """The server refused something, or failed.

    Attributes:
        problem: The problem object's members (RFC 9457).
    """

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('title')}: {problem.get('detail') or problem.get('type')}")
        self.problem = problem

    @property
    def status(self) -> int:
        """The status code, as over HTTP."""
        return int(self.problem.get("status", 0))


class ConnectionLost(ClientError):  # noqa: N818 - what happened
    """The connection ended before the answer came; whether it was done is not known."""


class Refused(ClientError):  # noqa: N818 - what happened
    """The server does not let the client in, and will not when it comes back either.

    Attributes:
        code: How the connection was closed; the HTTP status where there was none.
    """

    def __init__(self, reason: str, code: int) -> None:
        super().__init__(f"The server refused the connection ({code}): {reason}")
        self.code = code
