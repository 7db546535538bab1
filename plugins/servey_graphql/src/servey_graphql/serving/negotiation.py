"""Which media type a response has: by `Accept` (RFC 9110, section 12.5.1).

GraphQL over HTTP knows two. `application/json` is for callers that name it or say nothing, and has
the status 200 for every well-formed request; `application/graphql-response+json` tells by its
status what became of the request.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from servey_graphql.serving.problems import NotAcceptable

_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")
"""RFC 9110, section 12.4.2."""


_USUAL = 512
"""Up to how many bytes a header is remembered with what was chosen by it."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type of responses.

    Attributes:
        name: What it is called.
        field: Its header field.
        tells: Whether a document that cannot be run is told by the status.
    """

    name: str
    field: tuple[bytes, bytes]
    tells: bool


def _media_type(name: str, *, tells: bool) -> MediaType:
    return MediaType(name, (b"content-type", f"{name}; charset=utf-8".encode()), tells)


JSON = _media_type("application/json", tells=False)
RESPONSE = _media_type("application/graphql-response+json", tells=True)


def choose(accept: bytes | None) -> MediaType:
    """The media type that a caller likes best.

    `application/graphql-response+json` is it where the caller names it, and likes nothing better.

    Args:
        accept: The header; None where there is none.

    Raises:
        NotAcceptable: The caller takes neither.
    """
    if accept is None:
        return JSON
    return _chosen(accept) if len(accept) <= _USUAL else _chosen.__wrapped__(accept)


@lru_cache(maxsize=256)
def _chosen(accept: bytes) -> MediaType:
    if not accept.strip():
        return JSON
    ranges = weights(accept)
    wanted = {one: _quality(one, ranges) for one in (RESPONSE, JSON)}
    best = max(wanted.values())
    if not best:
        raise NotAcceptable(f"There are {RESPONSE.name} and {JSON.name}.")
    if wanted[RESPONSE] < best:
        return JSON
    return RESPONSE if RESPONSE.name in ranges or wanted[JSON] < best else JSON


def weights(accept: bytes) -> dict[str, float]:
    """How much each media range is liked, from 0 to 1; one that cannot be read is not at all.

    Args:
        accept: The header.
    """
    return dict(_ranges(accept.decode("latin-1").lower()))


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Media ranges and how much each is liked; parameters are passed over."""
    for one in accept.split(","):
        name, *parameters = (part.strip() for part in one.split(";"))
        weights = [text[2:] for text in parameters if text.startswith("q=")]
        yield name, _weight(weights[0]) if weights else 1.0


def _weight(text: str) -> float:
    return float(text) if _WEIGHT.fullmatch(text) else 0.0


def _quality(one: MediaType, ranges: dict[str, float]) -> float:
    """How much a media type is liked: by its own name, if it is there, else by what covers it."""
    for name in (one.name, "application/*", "*/*"):
        if name in ranges:
            return ranges[name]
    return 0.0
