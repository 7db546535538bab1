"""What files are called, and what kind their names tell."""

import mimetypes
import re
import unicodedata
from pathlib import PurePath

OCTET_STREAM = "application/octet-stream"
"""The content type of what might be anything."""

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"  # noqa: S105 - a token of RFC 9110, section 5.6.2
_CONTENT_TYPE = re.compile(rf"{_TOKEN}/{_TOKEN}([ \t]*;[\t -~]*)?")
_NO_PART_OF_A_NAME = frozenset(("Cc", "Cs", "Zl", "Zp"))
_CHANGES_DIRECTION = frozenset(("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"))
_PACKED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}


def is_content_type(text: str) -> bool:
    """Whether a text is a media type, with or without parameters (RFC 9110, section 8.3.1)."""
    return _CONTENT_TYPE.fullmatch(text) is not None


def plain_filename(text: str) -> str | None:
    """A file's name without folders, control characters and marks that turn the direction.

    Args:
        text: What somebody says is the name.

    Returns:
        The name; None where nothing is left of it.
    """
    last = re.split(r"[/\\]", text)[-1]
    name = "".join(letter for letter in last if _belongs_to_a_name(letter)).strip()
    return name if name.strip(".") else None


def type_told_by(filename: str | None) -> str:
    """The content type that a file's name tells; that of anything where it tells none."""
    suffixes = "".join(PurePath(filename or "").suffixes[-2:])
    known, packing = mimetypes.guess_type(f"file{suffixes}")  # it takes `data:,x` for a URL
    if packing is not None:
        return _PACKED.get(packing, OCTET_STREAM)
    return known or OCTET_STREAM


def _belongs_to_a_name(letter: str) -> bool:
    if unicodedata.category(letter) in _NO_PART_OF_A_NAME:
        return False
    return unicodedata.bidirectional(letter) not in _CHANGES_DIRECTION
