"""Tokens of a client: where they come from, and when they are renewed."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable
from inspect import isawaitable

TokenSource = str | Callable[[], str | Awaitable[str]] | None
"""A token, or what gets one: called for each connection, and before a token expires."""

_BEFORE = 30.0
"""How long before its end a token is renewed, in seconds, but not before half of its life."""


class Tokens:
    """Gets tokens.

    Args:
        source: Where they come from.

    Attributes:
        renewable: Whether another one can be had.
    """

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self.renewable = callable(source)

    async def get(self) -> str | None:
        """A token; None for who has none."""
        if not callable(self._source):
            return self._source
        found = self._source()
        return await found if isawaitable(found) else found


def renewed_in(token: str) -> float | None:
    """After how many seconds a token is to be renewed; None where it does not say when it ends."""
    try:
        part = token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        left = float(claims["exp"]) - time.time()
    except (IndexError, KeyError, TypeError, ValueError):
        return None
    return max(0.0, left - min(_BEFORE, left / 2))
