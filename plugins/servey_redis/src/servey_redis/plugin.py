"""The plugin: redis-py is imported when a store is made."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from servey_core import StateStoreFactory, hookimpl

if TYPE_CHECKING:
    from servey_core import StateStore


@hookimpl
def servey_state_stores() -> Iterable[StateStoreFactory]:
    """State in Redis, over TCP or TLS."""
    return [StateStoreFactory("redis", _build), StateStoreFactory("rediss", _build)]


def _build(url: str) -> "StateStore":
    from servey_redis.store import build_redis_store

    return build_redis_store(url)
