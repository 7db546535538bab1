"""Whether a client wants pages or JSON (RFC 9110, section 12.5.1)."""

from functools import lru_cache

_PAGES = (b"text/html", b"application/xhtml+xml")
_JSON = (b"application/json", b"application/problem+json")


_USUAL = 512
"""Longer fields are nobody's whom it would be worth to remember."""


def prefers_pages(accept: bytes, *, otherwise: bool) -> bool:
    """Whether a field `Accept` names HTML, and JSON no more than that.

    Args:
        accept: The field's value; empty for none.
        otherwise: What holds where it names neither.
    """
    read = _named if len(accept) <= _USUAL else _named.__wrapped__
    pages, json = read(accept)
    return pages >= json if pages or json else otherwise


@lru_cache(maxsize=256)
def _named(accept: bytes) -> tuple[float, float]:
    """The weights of pages and of JSON, where they are named."""
    weights: dict[bytes, float] = {}
    for choice in accept.lower().split(b","):
        media_type, *parameters = (part.strip() for part in choice.split(b";"))
        weights[media_type] = _weight(parameters)
    pages = max(weights.get(one, 0.0) for one in _PAGES)
    return pages, max(weights.get(one, 0.0) for one in _JSON)


def _weight(parameters: list[bytes]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
