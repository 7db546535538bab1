"""The claims of a token (RFC 7519, section 4.1), and the `Authorization` that they make."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import NamedTuple

from servey_core.authorization import Authorization
from servey_core.errors import Unauthorized

LEEWAY_SECONDS = 30.0
"""How far the clock of who issued a token may be ahead of ours."""

_ID_BYTES = 16
_SCOPE = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
"""One scope (RFC 6749, section 3.3): no space, or one scope could be issued and two be read."""


def invalid_token(detail: str) -> Unauthorized:
    """A token that is refused (RFC 6750, section 3.1)."""
    return Unauthorized(detail, error="invalid_token")


class Grant(NamedTuple):
    """What a token grants, and when, by our clock.

    Attributes:
        since: From when, in seconds since the epoch.
        until: Until when; infinite for a token with no expiry.
        authorization: What it grants.
    """

    since: float
    until: float
    authorization: Authorization


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """What the claims of this service's tokens must be.

    The scopes are the words of `scope` (RFC 8693, section 4.2; RFC 9068, section 2.2.3). Other
    claims are left alone.

    Attributes:
        issuer: The `iss` that a token must have; None for any.
        audience: The one that `aud` must name. None for a token with no `aud`: one that names an
            audience is for that audience alone (RFC 7519, section 4.1.3), and refused.
        require_expiry: Whether `exp` must be there.
    """

    issuer: str | None = None
    audience: str | None = None
    require_expiry: bool = True

    def read(self, claims: Mapping[str, object], now: float) -> Grant:
        """Judge the claims at the time `now`, in seconds since the epoch.

        Raises:
            Unauthorized: They are not of the right type, not for this service or not for now.
        """
        expires_at = _moment(claims, "exp")
        not_before = _moment(claims, "nbf")
        issued_at = _moment(claims, "iat")
        if expires_at is None and self.require_expiry:
            raise invalid_token("The token has no expiry.")
        self._check_purpose(claims)
        starts = [moment.timestamp() for moment in (not_before, issued_at) if moment]
        since = max(starts, default=-math.inf)
        until = expires_at.timestamp() if expires_at else math.inf
        if now >= until:
            raise invalid_token("The token has expired.")
        if now < since - LEEWAY_SECONDS:
            raise invalid_token("The token is not valid yet.")
        # The leeway is given here, once: whoever asks later must not find it not yet in force.
        not_before = None if now < since else not_before
        authorization = Authorization(_subject(claims), _scopes(claims), not_before, expires_at)
        return Grant(since, until, authorization)

    def write(self, authorization: Authorization, now: float) -> dict[str, object]:
        """The claims that `read` makes this `Authorization` of, to the second; no two are the same.

        Raises:
            ValueError: It has no expiry and must have one, or a scope that cannot be written.
        """
        if authorization.expires_at is None and self.require_expiry:
            raise ValueError(
                "A token needs an expiry: give the Authorization an expires_at "
                "(or set SERVEY_JWT_REQUIRE_EXPIRY=false, and nobody can end it)."
            )
        for scope in authorization.scopes:
            if not _SCOPE.fullmatch(scope):
                raise ValueError(f"The scope {scope!r} cannot be in a token: see RFC 6749, 3.3.")
        claims = {
            "sub": authorization.subject,
            "scope": " ".join(sorted(authorization.scopes)) or None,
            "nbf": _whole(authorization.not_before),
            "exp": _whole(authorization.expires_at),
            "iat": math.floor(now),
            "jti": token_urlsafe(_ID_BYTES),
            "iss": self.issuer,
            "aud": self.audience,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def _check_purpose(self, claims: Mapping[str, object]) -> None:
        if self.issuer is not None and claims.get("iss") != self.issuer:
            raise invalid_token("The token is of another issuer.")
        audience = claims.get("aud", [])
        names = [audience] if isinstance(audience, str) else audience
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise _mistyped("aud")
        if self.audience not in names if self.audience is not None else "aud" in claims:
            raise invalid_token("The token is for another audience.")


def _subject(claims: Mapping[str, object]) -> str | None:
    subject = claims.get("sub")
    if subject is not None and not isinstance(subject, str):
        raise _mistyped("sub")
    return subject


def _scopes(claims: Mapping[str, object]) -> frozenset[str]:
    scope = claims.get("scope", "")
    if not isinstance(scope, str):
        raise _mistyped("scope")
    return frozenset(scope.split(" ")) - {""}


def _moment(claims: Mapping[str, object], name: str) -> datetime | None:
    if name not in claims:
        return None
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _mistyped(name)
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        raise _mistyped(name) from None


def _whole(moment: datetime | None) -> int | None:
    return None if moment is None else math.floor(moment.timestamp())


def _mistyped(name: str) -> Unauthorized:
    return invalid_token(f"The token's claim {name!r} is not of the right type.")
