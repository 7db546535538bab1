"""Caching hints as header fields (RFC 9110, section 8.8; RFC 9111, section 5.2)."""

import re
from functools import lru_cache
from urllib.parse import quote

from servey_core import CacheHeaders
from servey_web import RawHeaders

NO_STORE = (b"cache-control", b"no-store")
"""For what depends on the caller, and says nothing of caching."""

_VARY = (b"vary", b"authorization")
_OPAQUE_TAG = re.compile(rb'"[^"]*"')
_TAG_CHARACTERS = "!#$&'()*+,/:;<=>?@[]^`{|}"
"""What an entity tag may hold, besides letters, digits and `_.-~`; `%` escapes the rest."""


def cache_fields(hint: CacheHeaders) -> RawHeaders:
    """The header fields of a hint."""
    fields = [_cache_control(hint.max_age, private=hint.private)]
    if hint.private:
        fields.append(_VARY)
    if hint.etag is not None:
        fields.append((b"etag", entity_tag(hint.etag)))
    return fields


def entity_tag(etag: str) -> bytes:
    """A tag as it is sent: quoted, with what may not be in it escaped."""
    return b'"%b"' % quote(etag, safe=_TAG_CHARACTERS).encode("ascii")


def is_current(if_none_match: bytes, tag: bytes) -> bool:
    """Whether a caller that sends `If-None-Match` has the very result (weak comparison).

    Args:
        if_none_match: The field: `*`, or tags with commas between them.
        tag: The result's tag, quoted.
    """
    if if_none_match.strip() == b"*":
        return True
    return tag in _OPAQUE_TAG.findall(if_none_match)


@lru_cache(maxsize=256)
def _cache_control(max_age: int | None, *, private: bool) -> tuple[bytes, bytes]:
    whose = "private" if private else "public"
    how_long = "no-cache" if max_age is None else f"max-age={max_age}"
    return b"cache-control", f"{whose}, {how_long}".encode("ascii")
