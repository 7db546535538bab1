"""For how long, and by whom, a response may be kept: the least of what its fields say."""

from collections.abc import Sequence

from servey_core import CacheHeaders
from servey_web import RawHeaders

NO_STORE = (b"cache-control", b"no-store")


def caching_fields(hints: Sequence[CacheHeaders | None]) -> RawHeaders:
    """The header fields of a response (RFC 9111, section 5.2.2).

    Args:
        hints: The hints of all fields that actions gave; None for one without.
    """
    known = [one for one in hints if one is not None]
    if not known or len(known) < len(hints):
        return [NO_STORE]
    ages = [one.max_age for one in known if one.max_age is not None]
    age = f"max-age={min(ages)}" if len(ages) == len(known) else "no-cache"
    private = any(one.private for one in known)
    control = f"{'private' if private else 'public'}, {age}"
    vary = b"accept, authorization" if private else b"accept"
    return [(b"cache-control", control.encode("ascii")), (b"vary", vary)]
