"""Where somebody is sent after logging in: back to where they came from, and never elsewhere."""

import re
from urllib.parse import quote

from starlette.types import Scope

from servey_web.arguments.queries import parse_query

NEXT = "next"
"""The name of the field that says where to go on."""

_PATH = re.compile(r"/[^\x00-\x20\x7f-\x9f\\]*")
"""A path with a query, without what browsers take out of a URL, and what they read as a slash (URL
standard, section 4.4)."""
_MAX_LENGTH = 2048


def own_target(text: str) -> str | None:
    """A path of this host, query and all, where a text is one; else None.

    Args:
        text: What somebody sent.
    """
    if len(text) > _MAX_LENGTH or not _PATH.fullmatch(text):
        return None
    path = text.partition("?")[0].partition("#")[0]
    return None if "//" in path else text  # at the start, after dots or not, a host would follow


def home_of(scope: Scope) -> str:
    """The start of the application."""
    return f"{scope.get('root_path', '')}/"


def with_return(url: str, scope: Scope) -> str:
    """A URL that says to come back to where a request was sent.

    Args:
        url: The URL, without a query.
        scope: The request.
    """
    path: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    sent = path.partition(b"?")[0]
    if scope["query_string"]:
        sent += b"?" + scope["query_string"]
    target = own_target(sent.decode("latin-1"))
    return url if target is None else f"{url}?{NEXT}={quote(target, safe='/')}"


def next_in_query(scope: Scope) -> str:
    """Where a request's query says to go on; empty where it does not, or where that is elsewhere.

    Raises:
        BadRequest: The query cannot be read.
    """
    texts = [text for name, text in parse_query(scope["query_string"]) if name == NEXT]
    return (own_target(texts[0]) or "") if len(texts) == 1 else ""
