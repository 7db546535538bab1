"""A listing of jobs as lines of text."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from servey_core.cli.tables import table_lines
from servey_sched.brokers.base import DeadJob, JobState, KnownJob, QueueSizes
from servey_sched.commands.listing import Listing, last_line, sent_at
from servey_sched.commands.wording import bar, how_far, how_long, plain

_COUNTS = ("ready", "delayed", "running", "dead")


def listing_lines(listing: Listing, now: datetime) -> list[str]:
    """What a broker has, for people.

    Args:
        listing: What it has.
        now: What spans are counted from.
    """
    rows = [[plain(name), *_counts(size)] for name, size in listing.sizes.items()]
    lines = table_lines(("queue", *_COUNTS), rows)
    for state, jobs in listing.jobs.items():
        lines += _state_lines(listing, state, jobs, now)
    if listing.dead:
        lines += ["", *dead_lines(listing, now)]
    return [*lines, "", listing.unlisted] if listing.unlisted else lines


def dead_lines(listing: Listing, now: datetime) -> list[str]:
    """The dead letters of a listing, for people."""
    rows = [
        [*_first(job), str(job.starts), how_far(job.died_at, now), plain(last_line(job.error))]
        for job in listing.dead
    ]
    lines = table_lines(("dead", "action", "queue", "starts", "died", "error"), rows)
    return [*lines, *_more(listing, "dead", len(rows))]


def _state_lines(
    listing: Listing, state: JobState, jobs: Sequence[KnownJob], now: datetime
) -> Iterator[str]:
    if not jobs:
        return
    heading, last = _last_column(listing, state, now)
    rows = [[*_first(job), str(job.starts), _age(job, now), last(job)] for job in jobs]
    yield ""
    yield from table_lines((state, "action", "queue", "starts", "age", heading), rows)
    yield from _more(listing, state, len(jobs))


def _last_column(
    listing: Listing, state: JobState, now: datetime
) -> tuple[str, Callable[[KnownJob], str]]:
    """What is worth knowing of a job in a state, and what it is called."""
    if state == "running":
        return "progress", lambda job: bar(listing.progress.get(job.id))
    if state == "delayed":
        return "due", lambda job: how_far(job.due, now) if job.due else ""
    return "priority", lambda job: str(job.priority)


def _first(job: KnownJob | DeadJob) -> list[str]:
    return [plain(job.id), plain(job.actor) or "(unreadable)", plain(job.queue)]


def _age(job: KnownJob, now: datetime) -> str:
    sent = sent_at(job)
    return how_long(now - sent) if sent else ""


def _counts(size: QueueSizes) -> list[str]:
    return [str(size.ready), str(size.delayed), str(size.running), str(size.dead)]


def _more(listing: Listing, state: JobState, shown: int) -> Iterator[str]:
    """That there are more than are shown; in between, some may have come or gone."""
    more = sum(getattr(size, state) for size in listing.sizes.values()) - shown
    if more > 0:
        yield f"... and {more} more: --limit"
