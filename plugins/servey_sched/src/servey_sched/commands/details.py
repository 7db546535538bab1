"""All that is known of one job, for whoever asks by its id; without secrets."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import dramatiq

from servey_core import Progress
from servey_core.redaction import redacted, redacted_text
from servey_core.stored_replies import StoredReply
from servey_sched.brokers.base import DeadJob, KnownJob, Unsupported
from servey_sched.commands.listing import sent_at
from servey_sched.commands.wording import bar, clock, how_far, plain, printable, utc
from servey_sched.jobs.records import JobRecord, read_record
from servey_sched.queue import DramatiqQueue

_OPTIONS = ("idempotency_key", "schedule", "retries", "max_retries", "keep_result")


async def details_of(queue: DramatiqQueue, job_id: str) -> dict[str, Any] | None:
    """What the broker has of a job, and what is kept of it.

    Args:
        queue: The task queue.
        job_id: Names the job.

    Returns:
        What is known, as JSON values and moments; None where nothing is.

    Raises:
        BrokerConnectionError: The broker cannot be used just now.
        Unavailable: The state store is.
    """
    job = _found(queue, job_id)
    record = await read_record(queue.state, job_id)
    if job is None and record is None:
        return None
    details: dict[str, Any] = {"id": job_id}
    details |= _of_record(record) if record else {}
    details |= _of_job(job) if job else {}
    details |= _of_reply(record.reply) if record and record.reply else {}
    return {name: value for name, value in details.items() if value is not None}


def details_json(details: Mapping[str, Any]) -> dict[str, Any]:
    """The same as JSON values."""
    return {
        name: utc(value) if isinstance(value, datetime) else value
        for name, value in details.items()
    }


def details_lines(details: Mapping[str, Any], now: datetime) -> list[str]:
    """The same for people: a line for each thing that is known, and the error last.

    Args:
        details: What is known.
        now: What spans are counted from.
    """
    shown = {name: _shown(name, value, now) for name, value in details.items() if name != "error"}
    width = max(map(len, shown)) + 2
    lines = [f"{name.replace('_', ' '):{width}}{text}" for name, text in shown.items()]
    error = details.get("error", "").rstrip()
    return [*lines, "", *map(plain, error.splitlines())] if error else lines


def _found(queue: DramatiqQueue, job_id: str) -> KnownJob | DeadJob | None:
    """A job as the broker has it; a dead one with the reason."""
    try:
        known = queue.broker.find(job_id)
    except Unsupported:
        return next(_dead(queue, job_id, None), None)
    if known is None or known.state != "dead":
        return known
    return next(_dead(queue, job_id, known.queue), known)


def _dead(queue: DramatiqQueue, job_id: str, name: str | None) -> Iterator[DeadJob]:
    """The dead letter of this id, once or not at all."""
    sizes = queue.broker.sizes()
    counts = [size.dead for one, size in sizes.items() if name in (one, None)]
    letters = queue.broker.dead(queue=name, limit=max(1, sum(counts)))
    return (letter for letter in letters if letter.id == job_id)


def _of_record(record: JobRecord) -> dict[str, Any]:
    progress = redacted(asdict(record.progress)) if record.progress else None
    return {
        "action": record.action or None,
        "queue": None,
        "state": record.state,
        "progress": progress,
    }


def _of_reply(reply: StoredReply) -> dict[str, Any]:
    if reply.problem is not None:
        return {"problem": redacted(reply.problem.to_dict())}
    return {"result": redacted(json.loads(reply.body))}


def _of_job(job: KnownJob | DeadJob) -> dict[str, Any]:
    told: dict[str, Any] = {"action": job.actor, "queue": job.queue}
    told |= _of_message(job.message) if job.message else {}
    told |= {"starts": job.starts, "sent": sent_at(job)}
    if isinstance(job, KnownJob):
        return {**told, "state": job.state, "due": job.due}
    return {**told, "state": "dead", "died": job.died_at, "error": redacted_text(job.error)}


def _of_message(message: dramatiq.Message[Any]) -> dict[str, Any]:
    said = message.options.get("authorization")
    caller = None
    if isinstance(said, Mapping):
        caller = {name: said.get(name) for name in ("subject", "scopes")}
    options = {name: redacted(message.options.get(name)) for name in _OPTIONS}
    return {
        "arguments": redacted(message.kwargs),
        "authorization": caller,
        "priority": message.options.get("priority"),
        **options,
    }


def _shown(name: str, value: Any, now: datetime) -> str:
    if name == "progress":
        return bar(Progress(**value))
    if isinstance(value, datetime):
        return f"{clock(value, UTC)} ({how_far(value, now)})"
    if name == "keep_result":
        return f"{value:g} s"
    if isinstance(value, str):
        return plain(value)
    return printable(json.dumps(value, ensure_ascii=False))
