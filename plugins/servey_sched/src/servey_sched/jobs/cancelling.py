"""The jobs that somebody cancelled and that may be with a worker, which looks here now and then."""

import json
import time
from collections.abc import Mapping

from servey_core import StateStore

_KEY = "jobs-cancelled"
_KEPT = 7 * 24 * 3600.0
"""For how long a worker may find out, in seconds."""
_MOST = 10_000
"""How many are remembered; the oldest are forgotten first."""
_SKEW = 2.0
"""How far the clocks of two nodes may be apart, in seconds."""


class Cancelled:
    """The jobs that were cancelled lately.

    Args:
        moments: When each was, by its id, in seconds since the epoch.
    """

    def __init__(self, moments: Mapping[str, float] | None = None) -> None:
        self._moments = moments or {}

    def has(self, job_id: str, sent_at: float) -> bool:
        """Whether a job is among them; one that was sent anew since then is not.

        Args:
            job_id: The job's id.
            sent_at: When it was sent, in seconds since the epoch.
        """
        moment = self._moments.get(job_id)
        return moment is not None and sent_at <= moment + _SKEW


async def cancel_wherever(store: StateStore, *job_ids: str) -> None:
    """Let whichever worker has these jobs, or gets them, know that they are cancelled.

    Raises:
        Unavailable: The store is.
    """
    while True:
        present = await store.get(_KEY)
        now = time.time()
        kept = {job: at for job, at in _read(present).items() if at > now - _KEPT}
        for job_id in job_ids:
            kept.pop(job_id, None)  # so that it is among the youngest
            kept[job_id] = now
        changed = json.dumps(dict(list(kept.items())[-_MOST:])).encode()
        if present is None:
            if await store.add(_KEY, changed, _KEPT) is None:
                return
        elif await store.replace(_KEY, present, changed, _KEPT):
            return


async def cancelled_jobs(store: StateStore) -> Cancelled:
    """The jobs that were cancelled lately.

    Raises:
        Unavailable: The store is.
    """
    return Cancelled(_read(await store.get(_KEY)))


def _read(found: bytes | None) -> dict[str, float]:
    return {} if found is None else json.loads(found)
