"""What any message is made of."""

from collections.abc import Iterable, Mapping
from typing import Any

from servey_core.json_schemas import Schema

Message = dict[str, Any]

EPOCH = "b1f0a6c2"
"""The epoch of examples."""

CONTENT_TYPE = "application/json"

ID: Schema = {
    "type": ["string", "integer", "null"],
    "description": "Chosen by the client; the answer carries the same.",
}
PLACE: dict[str, Schema] = {
    "epoch": {
        "type": "string",
        "maxLength": 64,
        "description": "Names the history; another one means that what was before is forgotten.",
    },
    "offset": {
        "type": "integer",
        "minimum": 0,
        "description": "The number of the event in its channel; it grows by one.",
    },
}
_CORRELATED = {"location": "$message.payload#/id"}


def message(
    kind: str,
    summary: str,
    members: Mapping[str, Schema],
    *examples: tuple[str, Mapping[str, Any]],
    optional: Iterable[str] = (),
    strict: bool = False,
) -> Message:
    """A message: an object with a `type`.

    Args:
        kind: What its `type` is.
        summary: What it says.
        members: The schemas of its other members.
        examples: Names, and the other members.
        optional: The members that may be left out.
        strict: Whether it may have no further members, as what clients say.
    """
    optional = frozenset(optional)
    schema: Schema = {
        "type": "object",
        "properties": {"type": {"const": kind}, **members},
        "required": ["type", *(name for name in members if name not in optional)],
    }
    if strict:
        schema["additionalProperties"] = False
    shown = [{"name": name, "payload": {"type": kind, **given}} for name, given in examples]
    described: Message = {
        "name": kind,
        "summary": summary,
        "contentType": CONTENT_TYPE,
        "payload": schema,
        "examples": shown,
    }
    return {**described, "correlationId": _CORRELATED} if "id" in members else described
