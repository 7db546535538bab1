"""State in the memory of one process."""

import threading
import time
from dataclasses import dataclass

from servey_core.errors import SettingsError
from servey_core.state.store import StateStore, StateStoreFactory

MAX_ENTRIES = 65_536
"""How many values are kept."""

_SWEEP_SECONDS = 1.0
"""How often a full store is searched for what has expired."""


@dataclass(frozen=True, slots=True)
class _Entry:
    value: bytes
    expires_at: float  # by the monotonic clock


class MemoryStore(StateStore):
    """Keeps values in this process, for development and for tests.

    Everything is lost when the process ends, and no other process sees any of it: with several
    workers or hosts, each has a state of its own. Where it is full, what has expired goes first,
    and then what was set first.

    Args:
        max_entries: How many values are kept.
    """

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._max_entries = max_entries
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()
        self._next_sweep = 0.0

    async def get(self, key: str) -> bytes | None:
        """The value of `key`; None where there is none."""
        with self._lock:
            return self._current(key)

    async def add(self, key: str, value: bytes, seconds: float) -> bytes | None:
        """Set `key` where it is absent; else give what is there."""
        with self._lock:
            present = self._current(key)
            if present is None:
                self._make_room()
                self._set(key, value, seconds)
            return present

    async def replace(self, key: str, expected: bytes, value: bytes, seconds: float) -> bool:
        """Set `key` anew where its value is `expected`."""
        with self._lock:
            if self._current(key) != expected:
                return False
            self._set(key, value, seconds)
            return True

    async def remove(self, key: str, expected: bytes) -> bool:
        """Remove `key` where its value is `expected`."""
        with self._lock:
            if self._current(key) != expected:
                return False
            del self._entries[key]
            return True

    async def close(self) -> None:
        """Do nothing: there is no file and no connection."""

    def _current(self, key: str) -> bytes | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.expires_at <= time.monotonic():
            del self._entries[key]
            return None
        return entry.value

    def _set(self, key: str, value: bytes, seconds: float) -> None:
        self._entries[key] = _Entry(value, time.monotonic() + seconds)

    def _make_room(self) -> None:
        if len(self._entries) < self._max_entries:
            return
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + _SWEEP_SECONDS
            kept = {key: one for key, one in self._entries.items() if one.expires_at > now}
            self._entries = kept
        if len(self._entries) >= self._max_entries:
            del self._entries[next(iter(self._entries))]


def build_memory_store(url: str) -> MemoryStore:
    """Make the store that `memory:` stands for.

    Raises:
        SettingsError: The URL says more than that.
    """
    if url.lower() not in ("memory:", "memory://"):
        raise SettingsError(f"SERVEY_STATE is {url!r}; the state in memory is `memory:`.")
    return MemoryStore()


memory_factory = StateStoreFactory("memory", build_memory_store)
