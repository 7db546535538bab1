"""Between Dramatiq's messages and the bytes that a broker keeps."""

import time
import traceback
from dataclasses import replace
from datetime import datetime
from typing import Any

import dramatiq
from dramatiq.errors import DecodeError

from servey_sched.brokers.base import DeadJob, JobState, KnownJob

_OF_EARLIER_TRIES = frozenset({"requeue_timestamp", "retries", "starts", "traceback"})
"""The options that say how a job has fared so far."""

_KINDS = {"actor_name": str, "message_id": str, "kwargs": dict, "options": dict}


def decode(queue: str, body: bytes) -> dramatiq.Message[Any]:
    """The message that a broker kept for `queue`.

    Raises:
        DecodeError: The bytes are none, or its parts are such that they would stop a worker.
    """
    message: dramatiq.Message[Any] = dramatiq.Message.decode(body)
    if message.queue_name != queue:
        raise DecodeError(f"It is for the queue {message.queue_name!r}.", body, None)
    for name, kind in _KINDS.items():
        if not isinstance(getattr(message, name), kind):
            raise DecodeError(f"Its {name} is not a {kind.__name__}.", body, None)
    return message


def readable(queue: str, body: bytes) -> dramatiq.Message[Any] | None:
    """As `decode`; None where that raises."""
    try:
        return decode(queue, body)
    except DecodeError:
        return None


def known_job(  # noqa: PLR0913 - what there is to know
    job_id: str,
    *,
    queue: str,
    body: bytes,
    state: JobState,
    priority: int,
    starts: int,
    due: datetime | None = None,
) -> KnownJob:
    """A job, as a broker keeps it."""
    message = readable(queue, body)
    actor = message.actor_name if message else ""
    return KnownJob(job_id, queue, actor, message, state, priority, starts, due)


def dead_job(  # noqa: PLR0913 - what there is to know
    job_id: str, *, queue: str, body: bytes, error: str, starts: int, died_at: datetime
) -> DeadJob:
    """A dead letter, as a broker keeps it."""
    message = readable(queue, body)
    actor = message.actor_name if message else ""
    return DeadJob(job_id, queue, actor, message, error, starts, died_at)


def priority_of(message: dramatiq.Message[Any], broker: dramatiq.Broker) -> int:
    """Its option `priority`, else that of its actor, else 0: smaller goes first.

    Raises:
        ValueError: The option is not an integer of 64 bits.
    """
    priority = message.options.get("priority")
    if priority is None:
        actor = broker.actors.get(message.actor_name)
        return actor.priority if actor else 0
    if type(priority) is not int or not -(2**63) <= priority < 2**63:
        raise ValueError(f"The priority of {message} is {priority!r}, which is not an integer.")
    return priority


def error_of(delivery: dramatiq.MessageProxy) -> str:
    """Why a delivered message is rejected: its traceback, or the exception; may be empty."""
    told = delivery.options.get("traceback")
    if isinstance(told, str):
        return told
    error = delivery._exception  # noqa: SLF001 - `stuff_exception` puts it, nothing public gives it
    return "".join(traceback.format_exception(error)) if error else ""


def why_garbage(error: DecodeError) -> str:
    """What is said of bytes that cannot be decoded, without the bytes: there may be many."""
    cause: Exception = error
    while isinstance(cause, DecodeError) and cause.error:
        cause = cause.error
    why = f"It has no {cause}." if isinstance(cause, KeyError) else str(cause)
    return f"This is not a message that can be run: {why:.200}"


def first_try(queue: str, body: bytes) -> bytes:
    """A message as it was before it was ever tried, sent now; bytes that are none, as they are.

    It counts how often it was renewed, so that it does not meet what was kept of its own end.
    """
    message = readable(queue, body)
    if not message:
        return body
    kept = message.options.keys() - _OF_EARLIER_TRIES
    options = {name: message.options[name] for name in kept}
    before = options.get("renewals", 0)
    options["renewals"] = before + 1 if isinstance(before, int) else 1
    now = time.time_ns() // 1_000_000
    return replace(message, options=options, message_timestamp=now).encode()
