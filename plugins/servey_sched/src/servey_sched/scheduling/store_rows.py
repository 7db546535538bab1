"""What the state store keeps of a schedule, and what comes of a claim there."""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Self

from servey_core import Overlap
from servey_sched.brokers.ticks import MOST_OPEN, Claim, Claimed, KnownSchedule
from servey_sched.schedules.overlaps import Outcome, on_tick
from servey_sched.schedules.ticks import tick_name

OPEN_FOR = timedelta(days=1)
"""After how long a job is thought to be done of which nobody said so: its end was lost."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A job whose tick is claimed, and that may not be enqueued yet.

    Attributes:
        id: The job's id.
        message: The message, in Dramatiq's JSON.
        delay: For how many milliseconds it is held back; None for none.
    """

    id: str
    message: str
    delay: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of a schedule; moments are texts, as `tick_name` writes them.

    Attributes:
        last: The last claimed tick, or when the schedule was first seen.
        seen: When a scheduler last asked for it.
        fired: How many ticks had a job.
        missed: How many passed with nobody there.
        dropped: How many had no job.
        open: The jobs that have not ended, as far as is known, with when they were enqueued.
        pending: The jobs of which is not known that they are enqueued.
    """

    last: str
    seen: str
    fired: int = 0
    missed: int = 0
    dropped: int = 0
    open: dict[str, str] = field(default_factory=dict)
    pending: tuple[Pending, ...] = ()

    def to_bytes(self) -> bytes:
        """Write it."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, text: bytes) -> Self:
        """Read what `to_bytes` wrote."""
        read = json.loads(text)
        pending = tuple(Pending(**one) for one in read.pop("pending"))
        return cls(**read, pending=pending)

    def known(self) -> KnownSchedule:
        """What is remembered, as others want it."""
        return KnownSchedule(
            last=datetime.fromisoformat(self.last),
            fired=self.fired,
            missed=self.missed,
            dropped=self.dropped,
            open=tuple(self.open),
            seen=datetime.fromisoformat(self.seen),
        )


def claimed(  # noqa: PLR0913 - as `TickClaims`
    row: Row | None,
    tick: datetime,
    job: Pending,
    *,
    overlap: Overlap,
    missed: int,
    since: datetime | None,
) -> tuple[Row | None, Claim]:
    """Decide on a claim.

    Args:
        row: What is kept of the schedule; None for nothing.
        tick: The tick.
        job: Its job.
        overlap: What to do while an earlier job is not done. All that are not count as running,
            as which of them wait is not known.
        missed: How many ticks were passed over since the last.
        since: The last that the claimer knows of; None where that is no matter.

    Returns:
        What to keep then, and the answer.
    """
    moment, now = tick_name(tick), datetime.now(UTC)
    if row is not None and moment <= row.last:
        return row, Claim(Claimed.LATE, datetime.fromisoformat(row.last))
    if row is not None and since is not None and row.last > tick_name(since):
        return row, Claim(Claimed.PASSED, datetime.fromisoformat(row.last))
    before = row or Row(moment, tick_name(now))
    recent = tick_name(now - OPEN_FOR)
    still = {job_id: at for job_id, at in before.open.items() if at > recent}
    outcome = on_tick(overlap, running=len(still), waiting=0)
    if outcome is Outcome.WAIT:
        return row, Claim(Claimed.WAITS, datetime.fromisoformat(before.last))
    after = replace(before, last=moment, missed=before.missed + missed, open=still)
    if outcome is Outcome.DROP:
        return replace(after, dropped=before.dropped + 1), Claim(Claimed.DROPPED, tick)
    fired = replace(
        after,
        fired=before.fired + 1,
        open=dict([*still.items(), (job.id, tick_name(now))][-MOST_OPEN:]),
        pending=(*before.pending, job),
    )
    replaced = tuple(still) if outcome is Outcome.REPLACE else ()
    return fired, Claim(Claimed.FIRED, tick, replaced)
