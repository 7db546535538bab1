"""Each endpoint on its own: how many deliveries it is given at once, and whether it answers."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from servey_core import ProblemError
from servey_core.running_jobs import Postponed

REST_SECONDS = 60.0
"""For how long an endpoint is left alone that does not answer."""

_SILENCES = 5
"""After how many deliveries without an answer, one after the other, it is left alone."""

_PATIENCE = 2.0
"""How long a delivery waits for its turn before it makes room for others, in seconds."""

_LONGEST_AWAY = 60.0
_PACE_NEWS = 0.3


class NoAnswer(ProblemError):  # noqa: N818 - what happened
    """An endpoint has not answered a delivery."""

    status = 502


@dataclass
class Endpoint:
    """One URL, as this process sees it.

    Args:
        limit: How many deliveries it is given at once; as many wait for their turn here.
        now: The time, in seconds.
    """

    limit: int
    now: Callable[[], float] = time.monotonic
    _silences: int = 0
    _rests_until: float = 0.0
    _probed: bool = False
    _inside: int = 0
    _seconds: float = 0.1
    _back_at: float = 0.0
    _free: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self._free = asyncio.Semaphore(self.limit)

    @property
    def idle(self) -> bool:
        """Whether nothing is known of it that is worth remembering."""
        return not self._inside and not self._silences

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it while the context is open.

        Raises:
            NoAnswer: The endpoint did not answer lately, or does not now.
            Postponed: It is busy, and enough others wait for it.
        """
        probes = self._refuse_where_silent()
        if self._inside >= 2 * self.limit:
            raise self._postponed()
        self._inside += 1
        began = self.now()
        try:
            await self._wait()
            try:
                began = self.now()
                yield
            finally:
                self._free.release()
        except NoAnswer:
            self._silent()
            raise
        except (Postponed, asyncio.CancelledError):
            raise  # which say nothing of the endpoint
        except BaseException:
            self._silences = 0
            raise
        else:
            self._silences = 0
        finally:
            self._inside -= 1
            self._seconds += _PACE_NEWS * (self.now() - began - self._seconds)
            if probes:
                self._probed = False

    def _refuse_where_silent(self) -> bool:
        """Let nobody through to an endpoint that rests; one, once it has. Whether this is the one.

        Raises:
            NoAnswer: It is not.
        """
        if self._silences < _SILENCES:
            return False
        if self._probed or self.now() < self._rests_until:
            raise NoAnswer("It is left alone for a while, as it has not answered lately.")
        self._probed = True
        return True

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise self._postponed() from None

    def _silent(self) -> None:
        self._silences += 1
        if self._silences >= _SILENCES:
            self._rests_until = self.now() + REST_SECONDS

    def _postponed(self) -> Postponed:
        """Away until there is a turn, by how quickly they come; those away come one by one."""
        now = self.now()
        back_at = max(now + 0.25, self._back_at + self._seconds / self.limit)
        self._back_at = min(back_at, now + _LONGEST_AWAY)
        seconds = (self._back_at - now) * random.uniform(0.9, 1.1)  # noqa: S311 - spreads
        return Postponed("The endpoint has as many deliveries as it is given at once.", seconds)


class Endpoints:
    """The endpoints that this process delivers to.

    Args:
        limit: How many deliveries each is given at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: dict[str, Endpoint] = {}

    @asynccontextmanager
    async def turn(self, url: str) -> AsyncIterator[None]:
        """Wait for a turn at a URL, and hold it while the context is open.

        Raises:
            NoAnswer: The endpoint did not answer lately, or does not now.
            Postponed: It is busy, and enough others wait for it.
        """
        endpoint = self._known.setdefault(url, Endpoint(self._limit))
        try:
            async with endpoint.turn():
                yield
        finally:
            if endpoint.idle and self._known.get(url) is endpoint:
                del self._known[url]
