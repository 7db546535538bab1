"""Endpoints that neither receive nor send: what is answered at once, and whole, costs the least.

An ASGI application is called, receives and sends, each through a coroutine, and everything that
stands before it wraps those. A direct endpoint is given the whole body and gives the whole answer,
and the host sends it with what each response carries, in one coroutine for all of it.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from starlette.types import Scope

from servey_core.errors import ProblemError
from servey_web.responses import RawHeaders

Answer = tuple[int, RawHeaders, bytes]
"""Status, header fields and body."""


class DirectEndpoint(Protocol):
    """Answers requests of one method and path; a `WebRoute` may have one beside its endpoint.

    What it answers must be what the route's endpoint would.

    Attributes:
        max_body: The largest body, in bytes, that it takes; None where it takes none.
        brings: The names of the security headers that each of its answers has itself, and that the
            host's must not stand beside.
    """

    max_body: int | None
    brings: frozenset[bytes]

    @property
    def begin(self) -> Callable[[Scope, dict[bytes, bytes], bytes], Awaitable[Any]]:
        """Starts what gives the result.

        It is called with the request, its header fields by their names in lower case, and its
        body, which is empty where the endpoint takes none.
        """

    @property
    def finish(self) -> Callable[[Any, Scope], Answer]:
        """Makes the answer, of what was awaited and the request.

        The answer's list of fields is new, and has those of the security headers that it `brings`.
        """

    def failure(self, error: Exception, scope: Scope) -> ProblemError:
        """What the caller is told of what nobody foresaw in `begin`, what it began, or `finish`."""
