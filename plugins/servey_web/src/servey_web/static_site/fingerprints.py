"""Names that name their content: `css/site.css` as `css/site.0123456789ab.css`."""

import re

from servey_web.static_site.store import StoredFile

_LENGTH = 12
_FINGERPRINTED = re.compile(
    rf"(?P<stem>.+)\.(?P<fingerprint>[0-9a-f]{{{_LENGTH}}})(?P<suffix>\.[^.]+)?"
)


def fingerprinted(name: str, file: StoredFile) -> str:
    """A file's name with its fingerprint; as it is where the file is too large to have one.

    Args:
        name: The name, or a path.
        file: The file.
    """
    if not file.is_hashed:
        return name
    folder, slash, last = name.rpartition("/")
    stem, dot, suffix = last.rpartition(".")
    if not stem:
        stem, dot, suffix = last, "", ""
    return f"{folder}{slash}{stem}.{file.tag[:_LENGTH]}{dot}{suffix}"


def without_fingerprint(name: str) -> tuple[str, str] | None:
    """The name that was given a fingerprint, and that; None where a name has none."""
    found = _FINGERPRINTED.fullmatch(name)
    return found and (f"{found['stem']}{found['suffix'] or ''}", found["fingerprint"])
