"""Header fields of responses that are not about caching."""

import re
from urllib.parse import quote

from servey_core import Context, File, Outcome, Response
from servey_web.responses import RawHeaders, raw_headers

REPLAYED = {"Idempotency-Replayed": "true"}
"""Tells the caller that this is what an earlier try came to."""

_SERVERS = frozenset(
    (
        b"connection",
        b"content-length",
        b"date",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"x-request-id",
    )
)
"""Fields that are the server's alone: they frame the response, or there is one already."""

_REFERENCES = frozenset((b"content-location", b"location"))
_IN_REFERENCES = "!#$%&'()*+,/:;=?@[]"
"""What may stand in a URI, besides letters, digits and `_.-~`; `%` as what was escaped already."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9!#$&+.^_`|~ ()-]+")


def told_fields(outcome: Outcome, context: Context) -> RawHeaders:
    """What is told of limits (draft-ietf-httpapi-ratelimit-headers), and of an earlier try."""
    fields = raw_headers(context.rate_limit.headers()) if context.rate_limit else []
    return [*fields, *raw_headers(REPLAYED)] if outcome.replayed else fields


def with_added(fields: RawHeaders, response: Response) -> RawHeaders:
    """Header fields with those that an action added, which go before others of their name.

    Raises:
        ValueError: The action set a field that is the server's alone.
        TypeError: It set one to what is no text.
    """
    for name, value in response.headers.items():
        if not isinstance(value, str):
            raise TypeError(f"The header {name} is no str, but {type(value).__qualname__}.")
    added = [field for name, value in response.headers.items() for field in _field(name, value)]
    names = {name for name, _ in added}
    if servers := sorted(names & _SERVERS):
        raise ValueError(f"The header {servers[0].decode()} is the server's to set.")
    cookies = [pair for value in response.cookies for pair in raw_headers({"Set-Cookie": value})]
    return [*replaced(fields, added), *cookies]


def replaced(fields: RawHeaders, by: RawHeaders) -> RawHeaders:
    """Header fields with others, which go before those of their name."""
    names = {name for name, _ in by}
    return [*(field for field in fields if field[0] not in names), *by]


def location(url: str) -> tuple[bytes, bytes]:
    """Where a redirect leads; what cannot stand in a URI is escaped (RFC 3986, section 2)."""
    return b"location", quote(url, safe=_IN_REFERENCES).encode("ascii")


def _field(name: str, value: str) -> RawHeaders:
    fields = raw_headers({name: value})
    if fields and fields[0][0] in _REFERENCES:
        return [(fields[0][0], location(value)[1])]
    return fields


def file_fields(file: File) -> RawHeaders:
    """What a file is, how long, and what to call it (RFC 6266)."""
    fields = [
        (b"content-type", file.content_type.encode("latin-1", "replace")),
        (b"content-disposition", _disposition(file.filename)),
    ]
    if file.path is None:
        fields.append((b"content-length", b"%d" % file.size))
    return fields


def _disposition(filename: str | None) -> bytes:
    if filename is None:
        return b"attachment"
    if _PLAIN_NAME.fullmatch(filename):
        return f'attachment; filename="{filename}"'.encode("ascii")
    return f"attachment; filename*=UTF-8''{quote(filename, safe='')}".encode("ascii")
