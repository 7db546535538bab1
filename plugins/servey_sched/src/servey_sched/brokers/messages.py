"""Between Dramatiq's messages and the bytes that a broker keeps."""

import traceback
from dataclasses import replace
from typing import Any

import dramatiq
from dramatiq.errors import DecodeError

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


def renewed(message: dramatiq.Message[Any]) -> dramatiq.Message[Any]:
    """The message as it was before it was ever tried."""
    kept = message.options.keys() - _OF_EARLIER_TRIES
    return replace(message, options={name: message.options[name] for name in kept})
