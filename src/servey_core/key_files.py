"""Where keys come from: a secret, or a file with one PEM key or a JWK Set (RFC 7517)."""

import logging
import math
import os
import re
import threading
from pathlib import Path
from typing import Any, Protocol

from servey_core.errors import BadRequest, SettingsError
from servey_core.jsons import parse_json
from servey_core.keys import (
    CURVES,
    SECRET_BYTES,
    Key,
    KeySet,
    asymmetric_key,
    base64_bytes,
    secret_key,
)

RELOAD_SECONDS = 5.0
"""How long the keys of a file are used before the file is looked at again."""

_KTY = {"HS": "oct", "RS": "RSA", "ES": "EC"}
_PEM_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_PEM_LABELS = (
    b"PUBLIC KEY",
    b"RSA PUBLIC KEY",
    b"PRIVATE KEY",
    b"RSA PRIVATE KEY",
    b"EC PRIVATE KEY",
)

_log = logging.getLogger("servey.keys")


class KeySource(Protocol):
    """Where an authorizer gets its keys from."""

    def current(self, now: float) -> KeySet:
        """The keys in force, perhaps a few seconds old.

        Args:
            now: The time, in seconds since the epoch.
        """

    def refresh(self, now: float) -> KeySet:
        """The keys in force at this moment."""


class FixedKeys:
    """Keys that never change."""

    __slots__ = ("_keys",)

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    def current(self, now: float) -> KeySet:  # noqa: ARG002 - as the protocol has it
        """The keys."""
        return self._keys

    def refresh(self, now: float) -> KeySet:  # noqa: ARG002
        """The keys."""
        return self._keys


class KeyFile:
    """The keys in a file, read again when the file has changed.

    The first private key signs. To change keys with no token refused, use a JWK Set: put the new
    key first, and take the old one out when the last token of it has expired.

    A file that becomes unreadable leaves the last good keys in force, and is logged: half of a
    file, as an editor writes it, must not lock everybody out. An empty JWK Set does.

    Args:
        path: A JWK Set or one PEM key.
        algorithm: One of `ALGORITHMS`.
        interval: How long keys are used before the file is looked at again, in seconds.

    Raises:
        SettingsError: The file cannot be read, or has no key for the algorithm.
    """

    __slots__ = ("_checked", "_interval", "_keys", "_lock", "_path", "_stamp")

    def __init__(
        self, path: str | os.PathLike[str], algorithm: str, *, interval: float = RELOAD_SECONDS
    ) -> None:
        self._path = Path(path)
        self._interval = interval
        self._checked = -math.inf
        self._lock = threading.Lock()
        self._stamp = _stamp(self._path)
        self._keys = read_keys(self._path, algorithm)
        if not self._keys.keys:
            raise SettingsError(
                f"The keys in {self._path}: none is for {algorithm} signatures. Add one, or set "
                "SERVEY_JWT_ALGORITHM to the algorithm of those that are there."
            )

    def current(self, now: float) -> KeySet:
        """The keys in force, at most `interval` seconds old."""
        # Both bounds, for a clock that is set back must not put the next look off.
        if self._checked <= now < self._checked + self._interval:
            return self._keys
        return self.refresh(now)

    def refresh(self, now: float) -> KeySet:
        """The keys in force at this moment; read again only where the file has changed."""
        with self._lock:
            self._checked = now
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp
                self._reload()
            return self._keys

    def _reload(self) -> None:
        try:
            keys = read_keys(self._path, self._keys.algorithm)
        except SettingsError as error:
            _log.error("The keys stay as they were. %s", error)
            return
        self._keys = keys
        _log.info("Read again from %s: %d key(s).", self._path, len(keys.keys))


def read_keys(path: Path, algorithm: str) -> KeySet:
    """Read the keys for `algorithm` in a file; those for something else are left out.

    Raises:
        SettingsError: The file cannot be read, or is neither a JWK Set nor one PEM key.
    """
    try:
        return KeySet(algorithm, _read(path.read_bytes().strip(), algorithm))
    except OSError as error:
        raise SettingsError(f"The keys in {path}: {error.strerror}.") from None
    except SettingsError as error:
        raise SettingsError(f"The keys in {path}: {error}") from None


def _read(text: bytes, algorithm: str) -> tuple[Key, ...]:
    if text.startswith(b"-----BEGIN "):
        return (_pem(text, algorithm),)
    if text.startswith(b"{"):
        return _jwk_set(text, algorithm)
    raise SettingsError(
        "This is neither a JWK Set nor a PEM key. A DER key is converted by "
        "`openssl pkey -inform DER`, an OpenSSH key by `ssh-keygen -e -m PKCS8 -f`."
    )


def _pem(text: bytes, algorithm: str) -> Key:
    if algorithm in SECRET_BYTES:
        raise SettingsError(
            f"A PEM key is no secret, and {algorithm} needs one. "
            "Set SERVEY_JWT_ALGORITHM to that of the key, such as RS256 or ES256."
        )
    labels = [label for label in _PEM_BEGIN.findall(text) if label != b"EC PARAMETERS"]
    if len(labels) != 1:
        raise SettingsError(f"There are {len(labels)} PEM keys; several belong in a JWK Set.")
    if labels[0] not in _PEM_LABELS:
        raise SettingsError(f"A {labels[0].decode()} is not read; give the key alone.")
    return asymmetric_key(text, algorithm)


def _jwk_set(text: bytes, algorithm: str) -> tuple[Key, ...]:
    try:
        entries = parse_json(text).get("keys")
    except BadRequest as error:
        raise SettingsError(error.detail) from None
    if not isinstance(entries, list):
        raise SettingsError('This is no JWK Set, an object with a list "keys" (RFC 7517).')
    keys = []
    for index, entry in enumerate(entries):
        try:
            if _suits(entry, algorithm):
                keys.append(_jwk(entry, algorithm))
        except SettingsError as error:
            raise SettingsError(f"keys[{index}]: {error}") from None
    names = [key.kid for key in keys]
    if len(names) > 1 and (None in names or len(set(names)) < len(names)):
        raise SettingsError('Where there are several keys, each needs a "kid" of its own.')
    return tuple(keys)


def _suits(entry: Any, algorithm: str) -> bool:
    """Whether a JWK is for signatures of this algorithm; RFC 7517, sections 4.2 to 4.4 and 5."""
    if not isinstance(entry, dict):
        raise SettingsError("This is not an object.")
    uses = entry.get("key_ops", ["verify"])
    return (
        entry.get("kty") == _KTY[algorithm[:2]]
        and entry.get("alg", algorithm) == algorithm
        and entry.get("use", "sig") == "sig"
        and isinstance(uses, list)
        and ("verify" in uses or "sign" in uses)
        and (algorithm not in CURVES or entry.get("crv") == CURVES[algorithm][0])
    )


def _jwk(entry: dict[str, Any], algorithm: str) -> Key:
    kid = entry.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise SettingsError('The "kid" is not a string.')
    if algorithm not in SECRET_BYTES:
        return asymmetric_key(entry, algorithm, kid)
    secret = entry.get("k")
    raw = base64_bytes(secret) if isinstance(secret, str) else None
    if raw is None:
        raise SettingsError('The "k" is not base64url.')
    return secret_key(raw, algorithm, kid)


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
