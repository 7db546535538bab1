"""Tokens: signed JSON Web Tokens (RFC 7519), as RFC 8725 says that they should be used.

python-jose makes and verifies the signatures. What a token says of itself is not trusted with
anything: the algorithm is fixed, the key is one of ours, and header and claims are read strictly.
"""

import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from servey_core.authorization import Authorization, AuthorizerFactory
from servey_core.claims import ClaimRules, Grant, invalid_token
from servey_core.errors import ConfigurationError, SettingsError, Unauthorized
from servey_core.jsons import parse_json
from servey_core.key_files import FixedKeys, KeyFile, KeySource
from servey_core.keys import (
    ALGORITHMS,
    SECRET_BYTES,
    KeySet,
    base64_bytes,
    key_hint,
    secret_key,
)

if TYPE_CHECKING:
    from servey_core.settings import CoreSettings, Settings

MAX_TOKEN = 8192
"""The longest token that is looked at, in characters."""
MAX_REMEMBERED = 4096
"""How many verified tokens are remembered."""

_MAX_HEADER = 1024  # in characters of base64url
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
"""A signed token; an encrypted one has five parts, an unsigned one an empty third."""
_REFUSED = ("b64", "crit", "jku", "jwk", "x5c", "x5u", "zip")
"""Header parameters that bring a key along, or change what the token means."""
_TYPES = ("jwt", "at+jwt", "application/jwt", "application/at+jwt")
"""What a token may be (RFC 9068, section 2.1); not, say, the token of a logout."""


class JwtAuthorizer:
    """Reads and writes JSON Web Tokens. Safe to share among threads.

    Verified tokens are remembered, for verifying is slow: while they are in force, and not after
    the keys have changed.

    Args:
        keys: Where the keys are.
        rules: What the claims must be.
        clock: Tells the time, in seconds since the epoch.
    """

    __slots__ = ("_clock", "_jws", "_keys", "_lock", "_remembered", "_rules")

    def __init__(
        self, keys: KeySource, rules: ClaimRules, *, clock: Callable[[], float] = time.time
    ) -> None:
        from jose import jws  # type: ignore[import-untyped]

        self._jws = jws
        self._keys = keys
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._remembered: dict[str, tuple[KeySet, Grant]] = {}

    def authorize(self, token: str) -> Authorization:
        """Read a token.

        Raises:
            Unauthorized: The token is malformed, forged, expired or not meant for this service.
        """
        now = self._clock()
        keys = self._keys.current(now)
        remembered = self._remembered.get(token)
        if remembered is not None:
            known, (since, until, authorization) = remembered
            if known is keys and since <= now < until:
                return authorization
        try:
            return self._verify(token, now, keys)
        except Unauthorized:
            raise
        except Exception:  # noqa: BLE001 - nothing in a token may be the server's failure
            raise invalid_token("The token is malformed or forged.") from None

    def issue(self, authorization: Authorization) -> str:
        """Write a token that `authorize` will read, with times in whole seconds.

        Raises:
            ConfigurationError: There is no private key or secret to sign with.
            ValueError: The authorization has no expiry and must have one, or cannot be written.
        """
        now = self._clock()
        keys = self._keys.current(now)
        key = keys.signing
        if key is None:
            raise ConfigurationError(
                "No token can be issued: the keys in SERVEY_JWT_KEYS are public ones, which "
                "verify and cannot sign. Add a private key, or leave issuing to who has it."
            )
        claims = self._rules.write(authorization, now)
        headers = {} if key.kid is None else {"kid": key.kid}
        token: str = self._jws.sign(claims, key.signer, headers, keys.algorithm)
        if len(token) > MAX_TOKEN:
            raise ValueError(f"The token would be longer than {MAX_TOKEN} characters.")
        return token

    def _verify(self, token: str, now: float, keys: KeySet) -> Authorization:
        kid = _key_name(token, keys.algorithm)
        key = keys.find(kid)
        if key is None:
            # It may be a new key that another process has begun to sign with.
            keys = self._keys.refresh(now)
            key = keys.find(kid)
        if key is None:
            raise invalid_token("The token is signed with a key that is not known.")
        payload = self._jws.verify(token, key.verifier, [keys.algorithm])
        grant = self._rules.read(_object(payload), now)
        if grant.since <= now:
            self._remember(token, keys, grant)
        return grant.authorization

    def _remember(self, token: str, keys: KeySet, grant: Grant) -> None:
        with self._lock:
            if len(self._remembered) >= MAX_REMEMBERED:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[token] = keys, grant


def build_jwt_authorizer(settings: "Settings") -> JwtAuthorizer:
    """Make the authorizer that the settings `jwt_*` describe.

    Raises:
        SettingsError: There is no key, or one that cannot be used.
    """
    core = settings.core
    rules = ClaimRules(core.jwt_issuer, core.jwt_audience, core.jwt_require_expiry)
    return JwtAuthorizer(_key_source(core), rules)


jwt_factory = AuthorizerFactory("jwt", build_jwt_authorizer)


def _key_source(core: "CoreSettings") -> KeySource:
    algorithm, secret, path = core.jwt_algorithm, core.jwt_secret_key, core.jwt_keys
    if algorithm not in ALGORITHMS:
        raise SettingsError(
            f"SERVEY_JWT_ALGORITHM is {algorithm!r}; it may be {', '.join(ALGORITHMS)}."
        )
    if path is not None:
        if secret is not None:
            raise SettingsError("SERVEY_JWT_SECRET_KEY and SERVEY_JWT_KEYS are both set: drop one.")
        return KeyFile(path, algorithm)
    if algorithm not in SECRET_BYTES:
        raise SettingsError(
            f"{algorithm} signs with a key pair: set SERVEY_JWT_KEYS to a file with a PEM key or "
            f"a JWK Set. {key_hint(algorithm)}"
        )
    if secret is None:
        raise SettingsError(
            "Tokens need a key that stays the same: set SERVEY_JWT_SECRET_KEY to a secret, "
            f"or SERVEY_JWT_KEYS to a file of keys. {key_hint(algorithm)}"
        )
    # Bytes that are no UTF-8 stand in the environment as lone surrogates.
    raw = secret.get_secret_value().encode(errors="surrogateescape")
    try:
        key = secret_key(raw, algorithm)
    except SettingsError as error:
        raise SettingsError(f"SERVEY_JWT_SECRET_KEY: {error}") from None
    return FixedKeys(KeySet(algorithm, (key,)))


def _key_name(token: str, algorithm: str) -> str | None:
    """Judge a token by its size, form and header; the `kid` of the header."""
    if len(token) > MAX_TOKEN or not _COMPACT.fullmatch(token):
        raise invalid_token("The token is malformed or forged.")
    segment, _, _ = token.partition(".")
    if len(segment) > _MAX_HEADER:
        raise invalid_token("The token's header is too large.")
    header = _object(base64_bytes(segment) or b"")
    kid = header.get("kid")
    kind = header.get("typ", "JWT")
    if (
        header.get("alg") != algorithm
        or any(name in header for name in _REFUSED)
        or not isinstance(kind, str)
        or kind.lower() not in _TYPES
        or not (kid is None or isinstance(kid, str))
    ):
        raise invalid_token("The token's header is not accepted.")
    return kid


def _object(text: bytes) -> Mapping[str, Any]:
    value = parse_json(text)
    if not isinstance(value, dict):
        raise invalid_token("The token is malformed or forged.")
    return value
