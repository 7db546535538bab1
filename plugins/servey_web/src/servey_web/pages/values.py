"""What a template is told of the request, beside the result."""

from dataclasses import dataclass
from functools import cached_property

from starlette.types import Scope

from servey_core import BadRequest
from servey_web.arguments.queries import parse_query
from servey_web.scopes import headers_of, own_path

HTMX_FIELDS = (b"hx-request", b"hx-boosted", b"hx-history-restore-request")
"""The header fields by which htmx says what it asks for."""


@dataclass(init=False, eq=False)
class PageInfo:
    """The request that a page answers, as templates know it: `page`.

    Args:
        scope: The request.
        action: The name of the action.

    Attributes:
        action: The same; empty for a page of a problem that no action has.
        method: The method of the request.
    """

    action: str
    method: str

    def __init__(self, scope: Scope, action: str = "") -> None:
        self._scope = scope
        self.action = action
        self.method = scope["method"]

    @property
    def path(self) -> str:
        """The path, decoded, without that which the application stands under."""
        return own_path(self._scope)

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's texts by their names; of several of one name, the first."""
        try:
            pairs = parse_query(self._scope["query_string"])
        except BadRequest:
            return {}
        return dict(reversed(pairs))

    @property
    def url(self) -> str:
        """The path and the query as they were sent."""
        raw: bytes = self._scope.get("raw_path") or self._scope["path"].encode()
        query: bytes = self._scope["query_string"]
        sent = raw.partition(b"?")[0] + (b"?" + query if query else b"")
        return sent.decode("latin-1")

    @property
    def htmx(self) -> bool:
        """Whether htmx asks, for a part of a page."""
        return wants_block(self._scope)


def wants_block(scope: Scope) -> bool:
    """Whether a request is htmx's for a part of a page, rather than for a page as a whole."""
    headers = headers_of(scope)
    asks, *for_the_page = HTMX_FIELDS
    return headers.get(asks) == b"true" and headers.keys().isdisjoint(for_the_page)
