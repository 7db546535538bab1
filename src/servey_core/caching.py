"""For how long, and by whom, a result may be kept: a hint that surfaces put in their own terms."""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, final

from servey_core.durations import seconds_of


@dataclass(frozen=True, slots=True)
class CacheHeaders:
    """A caching hint in the terms of RFC 9110 and RFC 9111, before any surface writes it.

    Attributes:
        max_age: For how many seconds the result is fresh; None where nothing is said.
        etag: What names this very result, without quotes; None where nothing does.
        private: Whether only the caller itself may keep it.
        last_modified: When the result last changed; aware. None where nothing is known.
    """

    max_age: int | None = None
    etag: str | None = None
    private: bool = False
    last_modified: datetime | None = None


class CacheControl(ABC):
    """Says for how long the results of an action may be kept; combine several with `&`."""

    @abstractmethod
    def headers(self, result: object, body: bytes) -> CacheHeaders:
        """The hint for one result.

        Args:
            result: What the action returned.
            body: The same, serialised: it is equal on every host.
        """

    def check(self, annotation: Any) -> None:  # noqa: B027 - most have nothing to check
        """Refuse an action whose results can have no such hint; called once, at start-up.

        Args:
            annotation: The annotation of the action's result.

        Raises:
            ValueError: No hint can be made of a result of this type.
        """

    def __and__(self, other: "CacheControl") -> "CacheControl":
        return CombinedCacheControl((self, other))


def whole_seconds(ttl: float | timedelta | None) -> int | None:
    """A time to live in the terms of `CacheHeaders.max_age`.

    Raises:
        ValueError: It is negative, or has no end.
    """
    return None if ttl is None else int(seconds_of(ttl))


@dataclass(frozen=True)
class TtlCacheControl(CacheControl):
    """Results may be kept for a fixed time.

    Attributes:
        ttl: The time, in seconds or as a `timedelta`.
    """

    ttl: float | timedelta

    def __post_init__(self) -> None:
        whole_seconds(self.ttl)

    def headers(self, result: object, body: bytes) -> CacheHeaders:  # noqa: ARG002
        """The fixed time."""
        return CacheHeaders(max_age=whole_seconds(self.ttl))


@dataclass(frozen=True)
class SecureHashCacheControl(CacheControl):
    """Results may be kept as long as they are asked about, and are named by a hash.

    Attributes:
        ttl: For how long they need not be asked about, in seconds or as a `timedelta`; None where
            they are asked about each time.
    """

    ttl: float | timedelta | None = None

    def __post_init__(self) -> None:
        whole_seconds(self.ttl)

    def headers(self, result: object, body: bytes) -> CacheHeaders:  # noqa: ARG002
        """The hash of the body."""
        digest = hashlib.blake2b(body, digest_size=16).hexdigest()
        return CacheHeaders(max_age=whole_seconds(self.ttl), etag=digest)


@final
@dataclass(frozen=True, slots=True)
class CombinedCacheControl(CacheControl):
    """All that `parts` say: `a & b`.

    Of several times the shortest counts, of several tags the first, and of several moments of
    change the last. A result that one part calls private is private.
    """

    parts: tuple[CacheControl, ...]

    def headers(self, result: object, body: bytes) -> CacheHeaders:
        """One hint made of all."""
        hints = [part.headers(result, body) for part in self.parts]
        return CacheHeaders(
            max_age=min((h.max_age for h in hints if h.max_age is not None), default=None),
            etag=next((h.etag for h in hints if h.etag is not None), None),
            private=any(h.private for h in hints),
            last_modified=max((h.last_modified for h in hints if h.last_modified), default=None),
        )

    def check(self, annotation: Any) -> None:
        """Refuse what any of them refuses."""
        for part in self.parts:
            part.check(annotation)
