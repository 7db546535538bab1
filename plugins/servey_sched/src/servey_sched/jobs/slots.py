"""How many jobs of one action run at once, over all nodes: each holds a slot of a few."""

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from secrets import token_hex

from servey_core import ActionTimeout, ServeyError, StateStore

LEASE = 15.0
"""How long a slot stays taken after its process has died, in seconds."""

_RENEWALS = 3
"""How often a lease is renewed while it lasts."""

_log = logging.getLogger("servey.jobs")


class Slots:
    """The slots of one action.

    Args:
        store: Where they are taken, for all nodes.
        action: The action's name.
        limit: How many there are.
        lease: How long one stays taken after its process has died, in seconds.
        lingers: Whether the action's function runs on where nobody waits for it any more, as one
            does that blocks a thread. Its slot is free at the end of its lease then.
    """

    def __init__(
        self,
        store: StateStore,
        action: str,
        limit: int,
        *,
        lease: float = LEASE,
        lingers: bool = False,
    ) -> None:
        self._store = store
        self._action = action
        self._keys = [f"job-slot:{action}:{number}" for number in range(limit)]
        self._lease = lease
        self._unfinished = (ActionTimeout, asyncio.CancelledError) if lingers else ()

    async def take(self) -> str | None:
        """Take a slot; its key and owner, as `held` wants it, or None where all are taken.

        Raises:
            Unavailable: The store is.
        """
        owner = token_hex(16)
        for key in random.sample(self._keys, len(self._keys)):
            try:
                if await self._store.add(key, owner.encode(), self._lease) is None:
                    return f"{key} {owner}"
            except asyncio.CancelledError:
                await asyncio.shield(self._give_back(key, owner.encode()))  # it may have been taken
                raise
        return None

    @asynccontextmanager
    async def held(self, slot: str) -> AsyncIterator[None]:
        """Keep a slot that was taken, for as long as the context is open, and give it back."""
        key, _, owner = slot.rpartition(" ")
        renewing = asyncio.create_task(self._renew(key, owner.encode()))
        kept = False
        try:
            yield
        except self._unfinished:
            kept = True
            raise
        finally:
            renewing.cancel()
            if not kept:
                await asyncio.shield(self._give_back(key, owner.encode()))

    async def _renew(self, key: str, owner: bytes) -> None:
        """Keep a slot, or take it again where its lease has ended, as that of one that slept."""
        while True:
            await asyncio.sleep(self._lease / _RENEWALS)
            with suppress(ServeyError):  # the store has said so; perhaps it is back next time
                if await self._store.replace(key, owner, owner, self._lease):
                    continue
                if await self._store.add(key, owner, self._lease) is not None:
                    _log.warning("%s was held up, and runs more often than it may", self._action)
                    return

    async def _give_back(self, key: str, owner: bytes) -> None:
        with suppress(ServeyError):  # then it is free at the end of its lease
            await self._store.remove(key, owner)
