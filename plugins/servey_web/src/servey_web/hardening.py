"""The response headers that make browsers careful."""

from collections.abc import Iterable

from servey_web.responses import RawHeaders
from servey_web.settings import WebSettings


def security_headers(settings: WebSettings) -> RawHeaders:
    """The headers that every response carries, unless it brings its own of that name."""
    headers = [
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"content-security-policy", b"frame-ancestors 'none'"),
        (b"referrer-policy", b"same-origin"),
        (b"cross-origin-opener-policy", b"same-origin"),
    ]
    if settings.hsts_seconds:
        headers.append((b"strict-transport-security", b"max-age=%d" % settings.hsts_seconds))
    return headers


def missing(wanted: RawHeaders, present: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Those of `wanted` whose names are not in `present`."""
    names = {name.lower() for name, _ in present}
    return [header for header in wanted if header[0] not in names]
