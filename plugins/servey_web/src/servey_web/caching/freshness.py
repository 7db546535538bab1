"""Caching hints as header fields, and the conditions of callers that have kept a result.

RFC 9110, sections 8.8 and 13; RFC 9111, section 5.2.
"""

import math
import re
import time
from functools import lru_cache
from urllib.parse import quote

from starlette.types import Scope

from servey_core import CacheHeaders
from servey_web.caching.dates import http_date, parse_http_date
from servey_web.direct import Answer
from servey_web.responses import RawHeaders
from servey_web.scopes import headers_of

NOT_MODIFIED = 304
NO_STORE = (b"cache-control", b"no-store")
"""For what depends on the caller, and says nothing of caching."""

_IF_NONE_MATCH = b"if-none-match"
_IF_MODIFIED_SINCE = b"if-modified-since"
_IF_MATCH = b"if-match"
_IF_UNMODIFIED_SINCE = b"if-unmodified-since"
_LAST_MODIFIED = b"last-modified"
_OPAQUE_TAG = re.compile(rb'"[\x21\x23-\x7e\x80-\xff]*"')
_TAG = re.compile(rb"(?:W/)?" + _OPAQUE_TAG.pattern)
_TAG_CHARACTERS = "!#$&'()*+,/:;<=>?@[]^`{|}"
"""What an entity tag may hold, besides letters, digits and `_.-~`; `%` escapes the rest."""


def with_hint(
    answer: Answer, hint: CacheHeaders | None, scope: Scope, vary: tuple[bytes, ...] = ()
) -> Answer:
    """An answer with the hint for its result, or 304 for a caller that has the result.

    Args:
        answer: The answer; its list of fields becomes longer.
        hint: The hint; None where nothing is said.
        scope: The request.
        vary: As in `cache_fields`.
    """
    if hint is None:
        return answer
    if not_modified(scope, hint):
        return NOT_MODIFIED, unmodified_fields(hint, vary), b""
    answer[1].extend(cache_fields(hint, vary))
    return answer


def cache_fields(hint: CacheHeaders, vary: tuple[bytes, ...] = ()) -> RawHeaders:
    """The header fields of a result with a hint.

    Args:
        hint: The hint.
        vary: The names of the request's fields that the result depends on, besides the
            credentials, in lower case.
    """
    fields = [_cache_control(hint.max_age, private=hint.private)]
    if hint.private:
        vary = (b"authorization", *vary)
    if vary:
        fields.append((b"vary", b", ".join(vary)))
    return [*fields, *validator_fields(hint)]


def validator_fields(hint: CacheHeaders) -> RawHeaders:
    """The header fields by which a caller can ask later whether it still has the result."""
    fields = []
    if hint.etag is not None:
        fields.append((b"etag", entity_tag(hint.etag)))
    if (second := _told_moment(hint)) is not None:
        fields.append((_LAST_MODIFIED, http_date(second)))
    return fields


def unmodified_fields(hint: CacheHeaders, vary: tuple[bytes, ...] = ()) -> RawHeaders:
    """The header fields of the answer 304, for a caller that has the result (section 15.4.5).

    The moment of the last change stands among them only where no tag does.

    Args:
        hint: The hint.
        vary: As in `cache_fields`.
    """
    fields = cache_fields(hint, vary)
    if hint.etag is None:
        return fields
    return [field for field in fields if field[0] != _LAST_MODIFIED]


def not_modified(scope: Scope, hint: CacheHeaders) -> bool:
    """Whether a caller that reads has the very result, by its own conditions (section 13.2.2).

    A tag outweighs a moment: where `If-None-Match` is sent, `If-Modified-Since` is not looked at.

    Args:
        scope: The request; its method is GET or HEAD.
        hint: The hint for the result, as it is now.
    """
    headers = headers_of(scope)
    if _IF_NONE_MATCH in headers:
        return _is_named(hint.etag, _whole(scope, _IF_NONE_MATCH))
    if hint.last_modified is None or _IF_MODIFIED_SINCE not in headers:
        return False
    since = parse_http_date(_whole(scope, _IF_MODIFIED_SINCE))
    changed = _told_moment(hint)
    return since is not None and changed is not None and changed <= since


def is_another(scope: Scope, hint: CacheHeaders) -> bool:
    """Whether a caller that reads wants another state of what there is (section 13.2.2).

    Args:
        scope: The request.
        hint: The hint for what there is, as it is now, with a tag and a moment.
    """
    headers = headers_of(scope)
    if _IF_MATCH in headers:
        wanted = _whole(scope, _IF_MATCH).strip()
        tags = _TAG.findall(wanted)  # a weak one is never the same here (section 8.8.3.2)
        return wanted != b"*" and (hint.etag is None or entity_tag(hint.etag) not in tags)
    if hint.last_modified is None or _IF_UNMODIFIED_SINCE not in headers:
        return False
    since = parse_http_date(_whole(scope, _IF_UNMODIFIED_SINCE))
    return since is not None and math.floor(hint.last_modified.timestamp()) > since


def entity_tag(etag: str) -> bytes:
    """A tag as it is sent: quoted, with what may not be in it escaped."""
    return b'"%b"' % quote(etag, safe=_TAG_CHARACTERS).encode("ascii")


def _is_named(etag: str | None, if_none_match: bytes) -> bool:
    """Whether a list of tags, or `*`, has a result's tag; weak ones count (section 8.8.3.2)."""
    if if_none_match.strip() == b"*":
        return True
    return etag is not None and entity_tag(etag) in _OPAQUE_TAG.findall(if_none_match)


def _told_moment(hint: CacheHeaders) -> int | None:
    """The second in which the result last changed; None while it is not over.

    Within it there may be another change, which the same moment would hide (section 8.8.2.2).
    """
    if hint.last_modified is None:
        return None
    second = math.floor(hint.last_modified.timestamp())
    return second if second < int(time.time()) else None


def _whole(scope: Scope, name: bytes) -> bytes:
    """All fields of a name as one list (section 5.3)."""
    return b", ".join(value for field, value in scope["headers"] if field == name)


@lru_cache(maxsize=256)
def _cache_control(max_age: int | None, *, private: bool) -> tuple[bytes, bytes]:
    whose = "private" if private else "public"
    how_long = "no-cache" if max_age is None else f"max-age={max_age}"
    return b"cache-control", f"{whose}, {how_long}".encode("ascii")
