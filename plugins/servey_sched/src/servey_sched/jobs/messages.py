"""A job as a Dramatiq message, and back."""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

import dramatiq
from pydantic import TypeAdapter, ValidationError

from servey_core import Authorization, JobOrder
from servey_core.idempotency import MAX_KEY

VERSION = 1
"""The form of the messages; it changes when older workers could not read them."""

_MOST = 2**53
"""The largest number that an option may be: all JSON readers agree on those."""

_authorizations: TypeAdapter[Authorization] = TypeAdapter(Authorization)


class UnreadableJob(ValueError):  # noqa: N818 - what it is
    """A message that is no job which this application can run; the text says why."""


@dataclass(frozen=True, slots=True)
class JobContent:
    """What a message says of a job, beyond its id and its action.

    Attributes:
        arguments: The arguments, as a JSON object.
        authorization: For whom it runs.
        idempotency_key: What its caller calls it; another after each time that it was put back from
            the dead letters, as it shall not meet there what it ended with.
        keep_result: For how many seconds its result is kept; 0 for not at all.
        retries: How often it was tried again so far.
        max_retries: How often it may be.
        starts: How often it has been delivered, this time included.
        deferrals: How often it has waited elsewhere for room here.
        schedule: The schedule whose tick it is for; empty for none.
        sent_at: When it was sent, in seconds since the epoch.
    """

    arguments: bytes
    authorization: Authorization | None
    idempotency_key: str | None
    keep_result: float
    retries: int
    max_retries: int
    starts: int
    deferrals: int
    schedule: str
    sent_at: float


def message_of(order: JobOrder, *, schedule: str = "") -> dramatiq.Message[Any]:
    """Write an order as a message.

    Args:
        order: The order.
        schedule: The schedule whose tick it is for.
    """
    options: dict[str, Any] = {"servey": VERSION, "max_retries": order.max_retries}
    if order.priority:
        options["priority"] = order.priority
    if order.authorization is not None:
        options["authorization"] = _authorizations.dump_python(order.authorization, mode="json")
    if order.idempotency_key is not None:
        options["idempotency_key"] = order.idempotency_key
    if order.keep_result:
        options["keep_result"] = order.keep_result
    if schedule:
        options["schedule"] = schedule
    return dramatiq.Message(
        queue_name=order.action.background.queue,
        actor_name=order.action.name,
        args=(),
        kwargs=json.loads(order.arguments),
        options=options,
        message_id=order.id,
    )


def content_of(message: dramatiq.Message[Any] | dramatiq.MessageProxy) -> JobContent:
    """Read a message.

    Raises:
        UnreadableJob: It was written by another Servey, or by somebody else.
    """
    options = message.options
    version = options.get("servey")
    if version != VERSION:
        raise UnreadableJob(
            f"The message has the form {version!r}, and this worker reads {VERSION}: it was "
            "written by another version of Servey, or by somebody else."
        )
    if message.args:
        raise UnreadableJob("The message has arguments without names.")
    _whole(options, "priority", least=-_MOST)  # or it could not be enqueued again
    return JobContent(
        arguments=_arguments(message.kwargs),
        authorization=_authorization(options.get("authorization")),
        idempotency_key=_key(options),
        keep_result=_number(options, "keep_result"),
        retries=_whole(options, "retries"),
        max_retries=_whole(options, "max_retries"),
        starts=_whole(options, "starts", 1),
        deferrals=_whole(options, "deferrals"),
        schedule=_text(options, "schedule"),
        sent_at=_number({"message_timestamp": message.message_timestamp}, "message_timestamp")
        / 1000,
    )


def _arguments(given: dict[str, Any]) -> bytes:
    try:
        return json.dumps(given).encode()
    except RecursionError as error:
        raise UnreadableJob("The message's arguments are nested too deeply.") from error


def _authorization(said: object) -> Authorization | None:
    try:
        return None if said is None else _authorizations.validate_python(said)
    except ValidationError as error:
        raise UnreadableJob(f"The message's authorization cannot be read: {error}") from error


def _key(options: dict[str, Any]) -> str | None:
    key, renewals = _text(options, "idempotency_key"), _whole(options, "renewals")
    if not key or not renewals:
        return key or None
    renewed = f"{key}#renewal-{renewals}"
    return renewed if len(renewed) <= MAX_KEY else hashlib.sha256(renewed.encode()).hexdigest()


def _text(options: dict[str, Any], name: str) -> str:
    value = options.get(name, "")
    if not isinstance(value, str):
        raise _unreadable(name, value)
    return value


def _whole(options: dict[str, Any], name: str, default: int = 0, *, least: int = 0) -> int:
    value = options.get(name, default)
    if type(value) is not int or not least <= value <= _MOST:
        raise _unreadable(name, value)
    return value


def _number(options: dict[str, Any], name: str) -> float:
    value = options.get(name, 0)
    if type(value) not in {int, float} or not (math.isfinite(value) and 0 <= value <= _MOST):
        raise _unreadable(name, value)
    return float(value)


def _unreadable(name: str, value: object) -> UnreadableJob:
    return UnreadableJob(f"The message's option {name!r} is {value!r}.")
