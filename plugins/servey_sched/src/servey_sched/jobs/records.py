"""What is kept of a job for those who ask: how far it is, and how it ended."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from servey_core import JobState, Progress, StateStore
from servey_core.stored_replies import StoredReply

LONGEST_RUN = 7 * 24 * 3600.0
"""For how long a report of progress is kept, in seconds."""

AFTERWARDS = 3600.0
"""For how long it is kept that a job has ended whose result nobody asked for, in seconds."""


@dataclass(frozen=True, slots=True)
class JobRecord:
    """What is kept of a job.

    Attributes:
        action: The name of its action.
        state: Where it is.
        progress: How far it said that it is.
        reply: How it ended, where that is kept.
    """

    action: str
    state: JobState
    progress: Progress | None = None
    reply: StoredReply | None = None

    def to_bytes(self) -> bytes:
        """A line of JSON, and the reply as it is."""
        head = {
            "action": self.action,
            "state": self.state,
            "progress": asdict(self.progress) if self.progress else None,
        }
        line = json.dumps(head, default=_plain).encode()
        return line + b"\n" + (self.reply.to_bytes() if self.reply else b"")

    @classmethod
    def from_bytes(cls, text: bytes) -> "JobRecord":
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: It is something else.
        """
        line, _, reply = text.partition(b"\n")
        head = json.loads(line)
        return cls(
            head["action"],
            JobState(head["state"]),
            Progress(**head["progress"]) if head["progress"] else None,
            StoredReply.from_bytes(reply) if reply else None,
        )


async def read_record(store: StateStore, job_id: str) -> JobRecord | None:
    """What is kept of a job.

    Raises:
        Unavailable: The store is.
    """
    found = await store.get(record_key(job_id))
    return None if found is None else JobRecord.from_bytes(found)


async def write_record(
    store: StateStore,
    job_id: str,
    record: JobRecord,
    seconds: float,
    *,
    unless: Callable[[], bool] = lambda: False,
) -> None:
    """Keep what is known of a job, instead of what was known before.

    Args:
        store: Where it is kept.
        job_id: The job's id.
        record: What is known.
        seconds: For how long it is kept.
        unless: Asked before anything is replaced, whether others know better by now.

    Raises:
        Unavailable: The store is.
    """
    key, value = record_key(job_id), record.to_bytes()
    while True:
        present = await store.add(key, value, seconds)
        if present is None or unless() or await store.replace(key, present, value, seconds):
            return


def record_key(job_id: str) -> str:
    """Where in the store a job's record is."""
    return f"job:{job_id}"


def _plain(number: object) -> float | str:
    """A number of a kind that JSON does not know, as actions may report their progress by."""
    try:
        return float(number)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return str(number)
