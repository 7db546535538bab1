"""Taking secrets out of what is written for people: by the names of fields, and by their looks."""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"

_DEPTH = 8
"""How deep a value is looked into; what is deeper is left out."""

_SECRET_NAME = re.compile(
    r"authori[sz]ation|cookie|passw(or)?d|passphrase|secret|credential|(^|_)(token|jwt|dsn)$"
    r"|(api|access|private|signing)_?key"
)

_VALUE = r"""("[^"]*"|'[^']*'|[^\s&;,"'<>()\[\]{}]+)"""

# Each begins with something that occurs seldom, and none looks back: they take linear time.
_SECRET_TEXTS = (
    (re.compile(r"\b(Bearer|Basic|Digest)\s+[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1 {REDACTED}"),
    (re.compile(r"\bwhsec_[\w+/=-]+"), REDACTED),
    (re.compile(r"(?<![\w-])eyJ[\w-]*\.[\w-]+\.[\w-]*"), REDACTED),
    (
        re.compile(
            rf"""(token|password|passwd|secret|api[_-]?key)(=|["']\s*:\s*){_VALUE}""",
            re.IGNORECASE,
        ),
        rf"\1\2{REDACTED}",
    ),
    (re.compile(r"\b((set-)?cookie|authorization): [^\r\n]+", re.IGNORECASE), rf"\1: {REDACTED}"),
    (re.compile(r"(://[^\s:/@]*:)[^\s/@]+@"), rf"\1{REDACTED}@"),
)
"""Credentials and cookies of HTTP, webhook secrets, JWTs, `password=...`, passwords in URLs."""


_HINTS = (
    *("bearer", "basic", "digest", "authorization", "cookie", "://"),
    *("whsec_", "eyj", "token", "passw", "secret", "key"),
)
"""Without one of these, in small letters, a text has no secret that could be found."""


def redacted(value: Any, name: str = "", depth: int = _DEPTH) -> Any:
    """A value without its secrets.

    Args:
        value: A text, a number, a mapping or a sequence of such; else its text is taken.
        name: What the value is called, where it has a name.
        depth: How many levels are looked into.
    """
    if name and is_secret(name):
        return REDACTED
    if type(value) is str:
        return redacted_text(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping | list | tuple | AbstractSet):
        return _redacted_items(value, depth - 1) if depth else "..."
    return redacted_text(_text(value))


def _redacted_items(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {str(key): redacted(one, _text(key), depth) for key, one in value.items()}
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str | bytes):  # noqa: PLR2004
        return [redacted(value[0]), redacted(value[1], _text(value[0]), depth)]  # a header
    return [redacted(one, depth=depth) for one in value]


def redacted_text(text: str) -> str:
    """A text without what looks like a secret."""
    small = text.lower()
    for hint in _HINTS:
        if hint in small:
            break
    else:
        return text
    for pattern, replacement in _SECRET_TEXTS:
        text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=1024)
def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret."""
    return _SECRET_NAME.search(name.lower().replace("-", "_")) is not None


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
