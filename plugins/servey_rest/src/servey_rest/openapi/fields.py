"""Header fields that an operation takes and gives beside its arguments and its result."""

from typing import Any

from servey_core.actions import Action
from servey_core.idempotency import MAX_KEY

Headers = dict[str, dict[str, Any]]

RATE_LIMIT: Headers = {
    "RateLimit": {
        "description": "How many calls are left, and for how long, by policy.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "How many calls are allowed in how much time, by policy.",
        "schema": {"type": "string"},
    },
}
"""What a caller is told of limits (draft-ietf-httpapi-ratelimit-headers)."""

RETRY_AFTER: Headers = {
    "Retry-After": {
        "description": "In how many seconds it is worth another try.",
        "schema": {"type": "integer", "minimum": 1},
    }
}

CONTENT_RANGE: Headers = {
    "Content-Range": {
        "description": "Which bytes these are, of how many: `bytes 0-499/1234`.",
        "schema": {"type": "string"},
    }
}
"""Where a part belongs (RFC 9110, section 14.4)."""

_REPLAYED: Headers = {
    "Idempotency-Replayed": {
        "description": "Sent where this is the result of an earlier call with the same key.",
        "schema": {"const": "true", "type": "string"},
    }
}


def request_fields(action: Action) -> list[dict[str, Any]]:
    """The header fields that callers of an action may send, as parameters."""
    if action.idempotency is None:
        return []
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "A name for this call. With the same key and input, it is not run again.",
        "schema": {"type": "string", "maxLength": MAX_KEY, "pattern": "^[!#-~]([ -~]*[!-~])?$"},
    }
    return [{**key, "required": True} if action.idempotency.required else key]


def result_fields(action: Action) -> Headers:
    """The header fields of an action's results."""
    limits = RATE_LIMIT if action.rate_limits else {}
    return {**limits, **(_REPLAYED if action.idempotency is not None else {})}
