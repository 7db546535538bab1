"""Who sent a request: the `Authorization` header (RFC 6750, section 2.1)."""

from starlette.types import Scope

from servey_core import Authorization, Authorizer, Unauthorized
from servey_web.scopes import headers_of

_SCHEME = b"bearer "


def authorization_of(scope: Scope, authorizer: Authorizer) -> Authorization | None:
    """Read the request's bearer token.

    Args:
        scope: The request.
        authorizer: What reads tokens.

    Returns:
        Who sent it; None without credentials, or with those of a scheme other than Bearer.

    Raises:
        Unauthorized: The token is not valid.
    """
    header = headers_of(scope).get(b"authorization")
    if header is None or header[: len(_SCHEME)].lower() != _SCHEME:
        return None
    try:
        token = header[len(_SCHEME) :].strip().decode("ascii")
    except UnicodeDecodeError:
        raise Unauthorized("The token is not valid.", error="invalid_token") from None
    return authorizer.authorize(token)
