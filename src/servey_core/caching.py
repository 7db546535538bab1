"""For how long, and by whom, a result may be kept: a hint that surfaces put in their own terms."""

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class CacheHeaders:
    """A caching hint in the terms of RFC 9110 and RFC 9111, before any surface writes it.

    Attributes:
        max_age: For how many seconds the result is fresh; None where nothing is said.
        etag: What names this very result, without quotes; None where nothing does.
        private: Whether only the caller itself may keep it.
    """

    max_age: int | None = None
    etag: str | None = None
    private: bool = False


class CacheControl(ABC):
    """Says for how long the results of an action may be kept."""

    @abstractmethod
    def headers(self, result: object, body: bytes) -> CacheHeaders:
        """The hint for one result.

        Args:
            result: What the action returned.
            body: The same, serialised: it is equal on every host.
        """


def _seconds(age: float | timedelta) -> int:
    seconds = age.total_seconds() if isinstance(age, timedelta) else age
    if seconds < 0:
        raise ValueError(f"A time to live cannot be negative: {age!r}")
    return int(seconds)


@dataclass(frozen=True)
class TtlCacheControl(CacheControl):
    """Results may be kept for a fixed time.

    Attributes:
        ttl: The time, in seconds or as a `timedelta`.
    """

    ttl: float | timedelta

    def __post_init__(self) -> None:
        _seconds(self.ttl)

    def headers(self, result: object, body: bytes) -> CacheHeaders:  # noqa: ARG002
        """The fixed time."""
        return CacheHeaders(max_age=_seconds(self.ttl))


@dataclass(frozen=True)
class SecureHashCacheControl(CacheControl):
    """Results may be kept as long as they are asked about, and are named by a hash.

    Attributes:
        ttl: For how long they need not be asked about, in seconds or as a `timedelta`.
    """

    ttl: float | timedelta = 0

    def __post_init__(self) -> None:
        _seconds(self.ttl)

    def headers(self, result: object, body: bytes) -> CacheHeaders:  # noqa: ARG002
        """The hash of the body."""
        digest = hashlib.blake2b(body, digest_size=16).hexdigest()
        return CacheHeaders(max_age=_seconds(self.ttl), etag=digest)
