"""Which paths may name a file of a folder: plain names alone, on every system.

What is refused could lead out of the folder somewhere, or to what is no part of a site: `..` in
any spelling, names of other systems' folders, drives and streams, and hidden files.
"""

import re
from collections.abc import Sequence

WELL_KNOWN = ".well-known"
"""The one hidden folder that is meant to be seen (RFC 8615)."""

_ENCODED_SEPARATOR = re.compile(rb"%(2f|5c)", re.IGNORECASE)
_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
"""Controls, separators, and what one system or another takes for a drive, a stream or a pattern."""
_LONGEST = 255
"""How many bytes a name has at the most."""


def segments_of(path: str, raw_path: bytes = b"") -> tuple[str, ...] | None:
    """The names that a path is made of; the last is empty for a folder.

    Args:
        path: The path, decoded, with its slash.
        raw_path: The same as it was sent, where that is known: a separator that was encoded is
            part of a name, and no file has such a name.

    Returns:
        The names; None where the path cannot name anything in a folder.
    """
    if not path.startswith("/") or _ENCODED_SEPARATOR.search(raw_path.partition(b"?")[0]):
        return None
    segments = tuple(path[1:].split("/"))
    named = segments if segments[-1] else segments[:-1]
    return segments if are_plain(named) else None


def are_plain(names: Sequence[str]) -> bool:
    """Whether names, from the folder downwards, are such as files of a site have."""
    rest = names[1:] if names[:1] == (WELL_KNOWN,) else names
    return all(map(_is_plain, rest))


def _is_plain(name: str) -> bool:
    return bool(
        name
        and not name.startswith(".")
        and not name.endswith((".", " "))
        and _UNFIT.search(name) is None
        and len(name.encode("utf-8", "surrogatepass")) <= _LONGEST
    )
