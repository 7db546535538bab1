"""GraphQL responses as bytes."""

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic_core import to_json

from servey_graphql.serving.hints import NO_STORE
from servey_graphql.serving.negotiation import MediaType
from servey_web import Answer, RawHeaders

OK = 200


def answer(
    media_type: MediaType, status: int, members: dict[str, Any], fields: RawHeaders
) -> Answer:
    """A response.

    Args:
        media_type: Its media type.
        status: Its status.
        members: `data`, `errors`.
        fields: Further header fields.
    """
    body = written(members)
    length = (b"content-length", b"%d" % len(body))
    return status, [media_type.field, length, *fields], body


def refusal(
    media_type: MediaType,
    status: int,
    errors: Sequence[dict[str, Any]],
    fields: Sequence[tuple[bytes, bytes]] = (),
) -> Answer:
    """A response without data."""
    return answer(media_type, status, {"errors": errors}, [*fields, NO_STORE])


def written(members: dict[str, Any]) -> bytes:
    """JSON, of whatever a JSON scalar may hold: integers have any number of digits.

    Raises:
        pydantic_core.PydanticSerializationError: JSON cannot hold it.
    """
    try:
        return orjson.dumps(members)
    except TypeError:
        return to_json(members, inf_nan_mode="null")
