"""Small values that all processes of an application share, each until it expires."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from servey_core.hits import HitCounter, HitsInMemory


class StateStore(ABC):
    """Keeps small values under text keys, each for a limited time.

    Each operation happens at once or not at all, whichever process and event loop it is called
    from. What has expired is absent. An operation that cannot be done raises `Unavailable`; whether
    it happened is not known then.
    """

    @abstractmethod
    async def get(self, key: str) -> bytes | None:
        """The value of `key`; None where there is none."""

    @abstractmethod
    async def add(self, key: str, value: bytes, seconds: float) -> bytes | None:
        """Set `key` where it is absent.

        Args:
            key: The key.
            value: Its value.
            seconds: After how long it expires.

        Returns:
            None where it was set, else the value that is there already.
        """

    @abstractmethod
    async def replace(self, key: str, expected: bytes, value: bytes, seconds: float) -> bool:
        """Set `key` anew where its value is `expected`.

        Args:
            key: The key.
            expected: The value that must be there.
            value: The new value, which may be the same.
            seconds: After how long that expires, counted from now.

        Returns:
            Whether it was set.
        """

    @abstractmethod
    async def remove(self, key: str, expected: bytes) -> bool:
        """Remove `key` where its value is `expected`; whether it was removed."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of what the running event loop holds open; the next operation opens it again.

        An event loop that used the store closes it before it ends.
        """

    def hit_counter(self) -> HitCounter:
        """What counts calls for rate limits: each process its own, unless a store knows better."""
        return HitsInMemory()


@dataclass(frozen=True, slots=True)
class StateStoreFactory:
    """A way to make a `StateStore`; `SERVEY_STATE` chooses by the scheme of its URL.

    Attributes:
        scheme: The URL's scheme, in small letters, such as `sqlite`.
        build: Makes the store from the whole URL, and opens nothing yet; raises `SettingsError`
            where the URL does not do.
    """

    scheme: str
    build: Callable[[str], StateStore]

    @property
    def name(self) -> str:
        """The scheme."""
        return self.scheme
