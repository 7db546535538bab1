"""Sending what was found: whole, in ranges, or not, where the caller has it."""

from datetime import UTC, datetime

from starlette.types import Receive, Scope, Send

from servey_core import CacheHeaders
from servey_web.caching.freshness import (
    NOT_MODIFIED,
    entity_tag,
    is_another,
    not_modified,
    validator_fields,
)
from servey_web.file_ranges import PreconditionFailed, from_disk
from servey_web.responses import RawHeaders
from servey_web.scopes import headers_of
from servey_web.static_site.lookup import Found

_OK = 200
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999, which is the last that can be told (RFC 9110, section 5.6.7)."""

_REVALIDATED = (b"cache-control", b"no-cache")
_KEPT_FOR_GOOD = (b"cache-control", b"public, max-age=31536000, immutable")
"""A year, which is for good (RFC 8246)."""


async def send_found(found: Found, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer GET or HEAD with a file.

    Where its status is another than 200, there are no ranges of it, and nobody has it already.

    Args:
        found: The file.
        scope: The request.
        receive: What it is received by.
        send: What the answer is sent by.

    Raises:
        BadRequest: What is asked for is no range.
        RangeNotSatisfiable: It is one that the file does not have.
        PreconditionFailed: The file is another than the caller wants.
    """
    kept = _caching(found)
    if found.status == _OK:
        hint = _hint(found)
        if is_another(scope, hint):
            raise PreconditionFailed("The file has changed.")
        if not_modified(scope, hint):
            fields = [*kept, (b"etag", entity_tag(found.file.tag))]
            await _send_whole(NOT_MODIFIED, fields, b"", scope, send)
            return
        kept += validator_fields(hint)
    fields = [(b"content-type", found.content_type), *kept]
    if found.coding is not None:
        fields.append((b"content-encoding", found.coding.encode("ascii")))
    content = found.file.content
    if content is None or b"range" in headers_of(scope):
        disk = from_disk(found.file.path, found.file.stat, (found.status, fields))
        await disk(scope, receive, send)
        return
    fields += ((b"accept-ranges", b"bytes"), (b"content-length", b"%d" % len(content)))
    await _send_whole(found.status, fields, content, scope, send)


async def _send_whole(
    status: int, fields: RawHeaders, content: bytes, scope: Scope, send: Send
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": fields})
    body = b"" if scope["method"] == "HEAD" else content
    await send({"type": "http.response.body", "body": body})


def _caching(found: Found) -> RawHeaders:
    depends = ((b"accept", found.by_accept), (b"accept-encoding", found.has_codings))
    vary = b", ".join(name for name, does in depends if does)
    fields = [_KEPT_FOR_GOOD if found.is_immutable else _REVALIDATED]
    return [*fields, (b"vary", vary)] if vary else fields


def _hint(found: Found) -> CacheHeaders:
    changed = min(max(found.file.stat.st_mtime, 0.0), _LAST_SECOND)
    when = datetime.fromtimestamp(changed, UTC)
    return CacheHeaders(etag=found.file.tag, last_modified=when)
