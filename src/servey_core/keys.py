"""The keys that tokens are signed with, each for one algorithm and fit for it.

Anything that somebody else may know, such as a public key, is refused as a secret: who knows the
secret can sign.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from servey_core.errors import SettingsError

SECRET_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}
"""The least length of a secret: that of the hash (RFC 7518, section 3.2)."""
RSA_BITS = 2048
"""The least length of an RSA key (RFC 7518, section 3.3)."""
CURVES = {
    "ES256": ("P-256", "secp256r1"),
    "ES384": ("P-384", "secp384r1"),
    "ES512": ("P-521", "secp521r1"),
}
"""The elliptic curve of each algorithm (RFC 7518, section 3.4), by its JOSE and its SEC 2 name."""
ALGORITHMS = (*SECRET_BYTES, "RS256", "RS384", "RS512", *CURVES)
"""The signature algorithms (RFC 7518, section 3.1) that python-jose implements."""

_ARMOUR = re.compile(rb"----[- ]BEGIN ")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]+={0,2}")
_LEAST_DER = 44  # an Ed25519 public key: no shorter one is in use


@dataclass(frozen=True, slots=True)
class Key:
    """One key, of one algorithm.

    Attributes:
        kid: The name that a token chooses it by (RFC 7515, section 4.1.4); None for the only key.
        verifier: What python-jose verifies with.
        signer: What python-jose signs with; None for a public key.
    """

    kid: str | None
    verifier: Any = field(repr=False)
    signer: Any = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class KeySet:
    """The keys that are in force; after a change there is another `KeySet`.

    Attributes:
        algorithm: The one algorithm of them all.
        keys: The keys. Where there are several, each has a `kid` of its own.
    """

    algorithm: str
    keys: tuple[Key, ...]

    def find(self, kid: str | None) -> Key | None:
        """The key of exactly this name; the only key, where it or the token has no name."""
        if len(self.keys) == 1 and None in (kid, self.keys[0].kid):
            return self.keys[0]
        return next((key for key in self.keys if key.kid == kid), None)

    @property
    def signing(self) -> Key | None:
        """The first key that can sign."""
        return next((key for key in self.keys if key.signer is not None), None)


def secret_key(secret: bytes, algorithm: str, kid: str | None = None) -> Key:
    """A key that is a secret, for HS256, HS384 or HS512.

    Raises:
        SettingsError: The secret is too short, or is no secret but an asymmetric key.
    """
    from jose import jwk  # type: ignore[import-untyped]

    if _is_asymmetric(secret):
        raise SettingsError(
            "This secret is a key or certificate of another kind, which others may know. "
            + key_hint(algorithm)
        )
    if len(secret) < SECRET_BYTES[algorithm]:
        raise SettingsError(
            f"A secret for {algorithm} has at least {SECRET_BYTES[algorithm]} bytes. "
            + key_hint(algorithm)
        )
    key = jwk.construct(secret, algorithm)
    return Key(kid, key, key)


def asymmetric_key(data: bytes | Mapping[str, Any], algorithm: str, kid: str | None = None) -> Key:
    """A public or private key, for the other algorithms.

    Args:
        data: The key in PEM form, or as a JWK.
        algorithm: One of `ALGORITHMS`.
        kid: Its name.

    Raises:
        SettingsError: It cannot be read, or does not fit the algorithm.
    """
    from jose import jwk

    try:
        key = jwk.construct(data, algorithm)
        fault = _fault(key.prepared_key, algorithm)
    except Exception:  # noqa: BLE001 - whatever a broken key causes; its text may hold the key
        fault = f"This is not a readable key for {algorithm}; encrypted ones are not read."
    if fault:
        raise SettingsError(fault)
    return Key(kid, key.public_key(), None if key.is_public() else key)


def key_hint(algorithm: str) -> str:
    """How to make a good key."""
    if algorithm in SECRET_BYTES:
        size = SECRET_BYTES[algorithm]
        return f'Make one: python -c "import secrets; print(secrets.token_urlsafe({size}))"'
    option = "rsa_keygen_bits:3072"
    if algorithm in CURVES:
        option = f"ec_paramgen_curve:{CURVES[algorithm][0]}"
    kind = "EC" if algorithm in CURVES else "RSA"
    return f"Make one: openssl genpkey -algorithm {kind} -pkeyopt {option}"


def base64_bytes(text: str | bytes) -> bytes | None:
    """Decode base64 or base64url, padded or not; None where it is neither."""
    raw = text.encode() if isinstance(text, str) else text
    if not _BASE64.fullmatch(raw):
        return None
    try:
        return base64.urlsafe_b64decode(raw.rstrip(b"=") + b"==")
    except binascii.Error:
        return None


def _fault(key: Any, algorithm: str) -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    if algorithm in CURVES:
        name, curve = CURVES[algorithm]
        kinds = (ec.EllipticCurvePublicKey, ec.EllipticCurvePrivateKey)
        good = isinstance(key, kinds) and key.curve.name == curve
        return "" if good else f"{algorithm} needs an EC key on the curve {name}."
    good = isinstance(key, (rsa.RSAPublicKey, rsa.RSAPrivateKey)) and key.key_size >= RSA_BITS
    return "" if good else f"{algorithm} needs an RSA key of at least {RSA_BITS} bits."


def _is_asymmetric(secret: bytes) -> bool:
    from jose.utils import is_ssh_key  # type: ignore[import-untyped]

    if _ARMOUR.search(secret) or is_ssh_key(secret) or b'"kty"' in secret:
        return True
    return _is_der(secret) or _is_der(base64_bytes(b"".join(secret.split())) or b"")


def _is_der(data: bytes) -> bool:
    """Whether it is an ASN.1 sequence of a sequence or an integer: a key or a certificate."""
    if len(data) < _LEAST_DER or data[0] != 0x30:  # noqa: PLR2004 - the tag of a sequence
        return False
    sized = data[1] & 0x7F if data[1] & 0x80 else 0
    length = int.from_bytes(data[2 : 2 + sized], "big") if sized else data[1]
    content = data[2 + sized :]
    return len(content) == length and content[:1] in (b"\x30", b"\x02")
