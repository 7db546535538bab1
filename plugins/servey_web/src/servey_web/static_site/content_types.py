"""What kind of file a name tells, as browsers must be told.

The table is the same on every machine: what a system has installed has no say in it.
"""

import mimetypes
from functools import lru_cache

from servey_core.filenames import OCTET_STREAM

_TYPES = {
    ".avif": "image/avif",
    ".cjs": "text/javascript",
    ".css": "text/css",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mp4": "video/mp4",
    ".otf": "font/otf",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xml": "application/xml",
}
"""What Python's own table lacks in some of its versions, or has otherwise."""

_PYTHONS = mimetypes.MimeTypes(filenames=())


@lru_cache(maxsize=1024)
def content_type_of(name: str) -> bytes:
    """The content type of a file; texts are in UTF-8.

    Args:
        name: Its name.
    """
    stem, dot, ending = name.rpartition(".")
    suffix = f".{ending.lower()}" if dot and stem else ""
    known = _TYPES.get(suffix) or _PYTHONS.types_map[True].get(suffix, OCTET_STREAM)
    charset = "; charset=utf-8" if known.startswith("text/") else ""
    return f"{known}{charset}".encode("ascii")
