"""Taking secrets out of what is written for people: by the names of fields, and by their looks."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

REDACTED = "[redacted]"

_DEPTH = 8
"""How deep a value is looked into; what is deeper is left out."""

_SECRET_NAME = re.compile(
    r"""authori[sz]ation | cookie | passw(or)?d | passphrase | secret | credential
    | (^|_)token$ | _token_ | api_?key | access_?key | private_?key | signing_?key | signature
    | (^|_)jwt(_|$) | (^|_)dsn$""",
    re.VERBOSE,
)

_SECRET_TEXTS = (
    (re.compile(r"\b(Bearer|Basic|Digest|Token)\s+[\w.~+/=\-]{6,}", re.IGNORECASE), r"\1 " + REDACTED),
    (re.compile(r"\bwhsec_[\w+/=\-]+"), REDACTED),
    (re.compile(r"\beyJ[\w\-]*\.[\w\-]+\.[\w\-]*"), REDACTED),
    (
        re.compile(
            r"""\b([\w\-]*(?:token|password|passwd|secret|api[_\-]?key|cookie|authorization))
            (["']?\s*[=:]\s*["']?)(?!\[redacted\])(?!(?:Bearer|Basic|Digest|Token)\b)[^\s&;,"'<>]+""",
            re.IGNORECASE | re.VERBOSE,
        ),
        r"\1\2" + REDACTED,
    ),
    (re.compile(r"([a-z][a-z0-9+.\-]*://[^\s:/@]*:)[^\s/@]+@", re.IGNORECASE), rf"\1{REDACTED}@"),
)
"""Credentials of HTTP, webhook secrets, JWTs, `password=...`, and passwords in URLs."""


def redacted(value: Any, name: str = "", depth: int = _DEPTH) -> Any:
    """A value without its secrets.

    Args:
        value: A text, a number, a mapping or a sequence of such; else its text is taken.
        name: What the value is called, where it has a name.
        depth: How many levels are looked into.
    """
    if name and is_secret(name):
        return REDACTED
    if value is None or isinstance(value, bool | int | float):
        return value
    if depth == 0:
        return "..."
    if isinstance(value, Mapping):
        return {str(key): redacted(one, str(key), depth - 1) for key, one in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str | bytes):  # noqa: PLR2004
        return [redacted(value[0]), redacted(value[1], _text(value[0]), depth - 1)]
    if isinstance(value, list | tuple | AbstractSet):
        return [redacted(one, depth=depth - 1) for one in value]
    return redacted_text(_text(value))


def redacted_text(text: str) -> str:
    """A text without what looks like a secret."""
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return _SECRET_NAME.search(name.lower().replace("-", "_")) is not None


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
