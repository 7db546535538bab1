"""Running a call once, however often its caller repeats it.

A caller who got no answer cannot know whether its call has happened. It sends the same key with
every try, and only the first is run; the others are given the same answer. The rules are those of
the HTTP header field Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07), for every
surface.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex

from servey_core.durations import seconds_of
from servey_core.errors import (
    ActionTimeout,
    BadRequest,
    IdempotencyKeyMissing,
    IdempotencyKeyReused,
    ProblemError,
    ServeyError,
    StillUnderWay,
    TooManyRequests,
)
from servey_core.state.store import StateStore
from servey_core.stored_replies import ReplayedProblem, StoredReply

MAX_KEY = 255
"""The longest key, in characters."""

LEASE = 30.0
"""How long a key stays taken after its process has died, in seconds."""

_RENEWALS = 3
"""How often a lease is renewed while it lasts."""


_log = logging.getLogger("servey.idempotency")

Execute = Callable[[], Awaitable[StoredReply]]


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Lets callers of an action repeat a call without running it again.

    Attributes:
        ttl: For how long a reply is kept, in seconds or as a `timedelta`.
        required: Whether callers must send a key.
    """

    ttl: float | timedelta = timedelta(hours=24)
    required: bool = False

    def __post_init__(self) -> None:
        if self.seconds <= 0:
            raise ValueError(f"Idempotency.ttl must be above 0, not {self.ttl!r}.")

    @property
    def seconds(self) -> float:
        """For how long a reply is kept."""
        return seconds_of(self.ttl)


class IdempotentCalls:
    """Runs the calls of one action.

    Args:
        store: Where keys and replies are kept.
        action: The action's name.
        rule: What the action says of it.
        lingers: Whether the function runs on where nobody waits for it any more, as one does that
            blocks a thread. Its key is not given away then, but at the end of the lease.
        lease: How long a key stays taken after its process has died, in seconds.
    """

    def __init__(
        self,
        store: StateStore,
        action: str,
        rule: Idempotency,
        *,
        lingers: bool = False,
        lease: float = LEASE,
    ) -> None:
        self._store = store
        self._action = action
        self._rule = rule
        self._lease = lease
        self._unfinished = (ActionTimeout, asyncio.CancelledError) if lingers else ()

    async def run(
        self, key: str | None, caller: str, arguments: bytes, execute: Execute
    ) -> tuple[StoredReply, bool]:
        """Run a call, or give the reply of the one that it repeats.

        Args:
            key: What the caller calls it; None where it gave no key.
            caller: Who calls; the keys of one caller are nothing to another.
            arguments: What names the arguments: equal for equal ones.
            execute: Runs the action. A problem that it raises is kept, but not one that may pass,
                nor any other exception.

        Returns:
            The reply, and whether it is that of an earlier call.

        Raises:
            BadRequest: The key is missing where it must be given, or cannot be one.
            IdempotencyKeyReused: An earlier call with this key had other arguments.
            StillUnderWay: An earlier call with this key has not ended yet.
            ReplayedProblem: An earlier call with this key ended with a problem.
            Unavailable: The store is; nothing was run.
            Exception: Whatever `execute` raises.
        """
        if key is None:
            if self._rule.required:
                raise IdempotencyKeyMissing("This action needs an idempotency key.")
            return await execute(), False
        claim = self._claim(key, caller, arguments)
        if (earlier := await claim.take()) is not None:
            return claim.replay(earlier), True
        return await self._run_first(claim, execute), False

    def _claim(self, key: str, caller: str, arguments: bytes) -> "_Claim":
        if not is_key(key):
            raise BadRequest(f"An idempotency key is 1 to {MAX_KEY} printable ASCII characters.")
        scope = _digest(json.dumps([caller, key]).encode())
        name = f"idempotency:{self._action}:{scope}"
        return _Claim(self._store, name, _digest(arguments), self._lease)

    async def _run_first(self, claim: "_Claim", execute: Execute) -> StoredReply:
        try:
            async with claim.renewed():
                reply = await execute()
        except (Exception, asyncio.CancelledError) as error:
            if isinstance(error, ProblemError) and not _passes(error):
                await claim.keep(StoredReply.of_problem(error), self._rule.seconds)
            elif not isinstance(error, self._unfinished):
                await claim.release()
            raise
        await claim.keep(reply, self._rule.seconds)
        return reply


class _Claim:
    """One call's claim to its key.

    What is stored is a line of JSON, which no other call writes, and the reply once there is one.
    """

    def __init__(self, store: StateStore, name: str, arguments: str, lease: float) -> None:
        self._store = store
        self._name = name
        self._arguments = arguments
        self._lease = lease
        head = {"arguments": arguments, "owner": token_hex(16)}
        self._mine = json.dumps(head).encode() + b"\n"

    async def take(self) -> bytes | None:
        """Take the key; what an earlier call stored, where there is one."""
        try:
            return await self._store.add(self._name, self._mine, self._lease)
        except asyncio.CancelledError:
            await self.release()  # it may have been taken nevertheless
            raise

    def replay(self, earlier: bytes) -> StoredReply:
        """The reply of the earlier call."""
        line, _, text = earlier.partition(b"\n")
        if json.loads(line)["arguments"] != self._arguments:
            raise IdempotencyKeyReused("This idempotency key belongs to a call with other input.")
        if not text:
            raise StillUnderWay("The call with this idempotency key has not ended yet.")
        reply = StoredReply.from_bytes(text)
        if reply.problem is not None:
            raise ReplayedProblem.of(reply.problem)
        return reply

    @asynccontextmanager
    async def renewed(self) -> AsyncIterator[None]:
        """Renew the lease, for as long as the context is open."""
        renewing = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewing.cancel()

    async def keep(self, reply: StoredReply, seconds: float) -> None:
        """Store the reply, also where the call is cancelled meanwhile; the key is this call's."""
        await asyncio.shield(self._keep(reply, seconds))

    async def release(self) -> None:
        """Give the key away, also where the call is cancelled meanwhile."""
        await asyncio.shield(self._release())

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease / _RENEWALS)
            try:
                if not await self._put(self._mine, self._lease):
                    return
            except ServeyError:  # the store has said so; perhaps it is back at the next renewal
                continue

    async def _keep(self, reply: StoredReply, seconds: float) -> None:
        """Store the reply; that it fails is no reason to keep the caller from it."""
        try:
            if not await self._put(self._mine + reply.to_bytes(), seconds):
                _log.error("%s was lost to a repeat, and may have run twice", self._name)
        except Exception:  # noqa: BLE001 - the action has run, and its caller shall know
            _log.exception("The reply of %s is not kept: a repeat may run it again", self._name)

    async def _release(self) -> None:
        try:
            await self._store.remove(self._name, self._mine)
        except ServeyError as error:
            _log.warning("%s stays taken for up to %g s: %s", self._name, self._lease, error)

    async def _put(self, record: bytes, seconds: float) -> bool:
        """Store a record where the key is this call's, or nobody's because the lease ran out."""
        if await self._store.replace(self._name, self._mine, record, seconds):
            return True
        return await self._store.add(self._name, record, seconds) is None


def is_key(text: str) -> bool:
    """Whether a text can be an idempotency key."""
    return 1 <= len(text) <= MAX_KEY and text.isascii() and text.isprintable()


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _passes(error: ProblemError) -> bool:
    """Whether another try may not meet this problem; then it is not kept."""
    return isinstance(error, TooManyRequests) or error.status >= 500  # noqa: PLR2004
