"""What is decided before a websocket is accepted: whose page it is, and who is there."""

from starlette.types import Scope

from servey_core import Authorization, Authorizer
from servey_web import authorization_of, is_own_page

__all__ = ["SUBPROTOCOL", "is_own_page", "who_connects"]

SUBPROTOCOL = "servey"
"""What clients of this protocol offer, and are answered."""

_BEARER = "bearer."
"""What stands before a token among the subprotocols, for browsers, which can send no headers."""


def who_connects(scope: Scope, authorizer: Authorizer) -> Authorization | None:
    """Who connects, by the `Authorization` header, or by a subprotocol `bearer.<token>`.

    Never by the address: that is written to logs.

    Raises:
        Unauthorized: The token is not valid.
    """
    for offered in scope.get("subprotocols", ()):
        if offered.startswith(_BEARER):
            return authorizer.authorize(offered[len(_BEARER) :])
    return authorization_of(scope, authorizer)
