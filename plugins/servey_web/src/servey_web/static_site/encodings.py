"""Which of a file's compressed forms a caller is given (RFC 9110, sections 8.4 and 12.5.3)."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

SUFFIXES = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""How files that hold a compressed form are named after the other, by the name of the coding."""

_IDENTITY = "identity"
_USUAL = 512
"""Longer fields are nobody's whom it would be worth to remember."""
_ITEM = re.compile(
    r"[ \t]*(?P<coding>\*|[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*"
    r"(;[ \t]*[qQ]=(?P<weight>0(\.[0-9]{0,3})?|1(\.0{0,3})?)[ \t]*)?"
)


def choose_coding(accepted: bytes | None, offered: Collection[str]) -> str | None:
    """The coding that a caller likes best; None for the file as it is.

    Args:
        accepted: The request's `Accept-Encoding`; None where it has none.
        offered: The codings that there are, of equally welcome ones the better first.
    """
    if not accepted or not offered:
        return None
    read = _weights if len(accepted) <= _USUAL else _weights.__wrapped__
    weights = read(accepted)
    best = max(offered, key=lambda coding: _weight(weights, coding))
    weight = _weight(weights, best)
    return best if weight and weight >= weights.get(_IDENTITY, 0.0) else None


def _weight(weights: Mapping[str, float], coding: str) -> float:
    return weights.get(coding, weights.get("*", 0.0))


@lru_cache(maxsize=256)
def _weights(accepted: bytes) -> Mapping[str, float]:
    """The weight of each coding; what cannot be read is passed over."""
    found = map(_ITEM.fullmatch, accepted.decode("latin-1").split(","))
    return {one["coding"].lower(): float(one["weight"] or 1) for one in found if one}
