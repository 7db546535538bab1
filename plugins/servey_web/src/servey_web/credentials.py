"""Who sent a request: the `Authorization` header (RFC 6750, section 2.1)."""

from starlette.types import Scope

from servey_core import Authorization, Authorizer, Unauthorized
from servey_web.scopes import headers_of

_NAME = b"authorization"
_SCHEME = b"bearer "


def has_bearer(headers: dict[bytes, bytes]) -> bool:
    """Whether there is a bearer token among header fields, which no browser sends by itself.

    Args:
        headers: The fields, by their names in lower case.
    """
    return headers.get(_NAME, b"")[: len(_SCHEME)].lower() == _SCHEME


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
    headers = headers_of(scope)
    if not has_bearer(headers):
        return None
    try:
        token = headers[_NAME][len(_SCHEME) :].strip().decode("ascii")
    except UnicodeDecodeError:
        raise Unauthorized("The token is not valid.", error="invalid_token") from None
    return authorizer.authorize(token)
