"""Tokens that only a page of this host can have put into a form.

A token is made of a secret that is in a cookie, and that no other site can read: an HMAC of it
(RFC 2104), under a salt, so that no two pages show the same text to who compares their lengths.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from secrets import token_bytes

from starlette.types import Scope

from servey_core import PermissionDenied
from servey_web.origins import is_own_page
from servey_web.scopes import headers_of

FIELD = "csrf_token"
"""The form's field that holds the token."""
HEADER = b"x-csrf-token"
"""The header that may hold it instead, for scripts."""

_PURPOSE = b"servey csrf"
_SALT_BYTES = 16
_TOKEN_LENGTH = 64
_OWN_SITES = (b"same-origin", b"none")


class FormRefused(PermissionDenied):
    """A form does not come from a page of this host, or from one that is out of date."""


def new_token(secret: str) -> str:
    """A token for the holder of a cookie, in base64url.

    Args:
        secret: The cookie's value.
    """
    salt = token_bytes(_SALT_BYTES)
    return urlsafe_b64encode(salt + _digest(secret, salt)).decode("ascii")


def is_token_of(secret: str, token: str) -> bool:
    """Whether a token was made of a secret; that takes as long where it was not."""
    if len(token) != _TOKEN_LENGTH or not token.isascii():
        return False
    try:
        made = urlsafe_b64decode(token)
    except ValueError:
        return False
    salt, digest = made[:_SALT_BYTES], made[_SALT_BYTES:]
    return hmac.compare_digest(digest, _digest(secret, salt))


def check_origin(scope: Scope) -> None:
    """Refuse what a page of another host sends, by what its browser says of that.

    `Sec-Fetch-Site` (Fetch Metadata) is what no page can set; browsers without it send `Origin`.

    Raises:
        FormRefused: It says so.
    """
    site = headers_of(scope).get(b"sec-fetch-site")
    own = is_own_page(scope, frozenset()) if site is None else site in _OWN_SITES
    if not own:
        raise FormRefused(
            "The form was sent by a page of another site. Open the page of this site that has the "
            "form, and send it from there."
        )


def _digest(secret: str, salt: bytes) -> bytes:
    return hmac.digest(secret.encode("ascii"), _PURPOSE + salt, "sha256")
