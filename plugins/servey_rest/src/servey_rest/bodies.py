"""Results as the bodies of responses: JSON, texts and bytes; what is sent in parts is elsewhere."""

from collections.abc import Callable
from typing import Any

from servey_core import File, Invoker, Redirect

JSON = (b"content-type", b"application/json")

Write = Callable[[Any], bytes]


def body_writer(invoker: Invoker) -> tuple[tuple[bytes, bytes], Write]:
    """The content type of an action's results, and what writes one.

    The function raises `pydantic_core.PydanticSerializationError`, `TypeError` or
    `UnicodeEncodeError` for a result that is not of the annotated type.
    """
    returned = invoker.signature.returned
    if returned.content_type is None:
        return JSON, invoker.signature.result_to_json
    write = _write_bytes if returned.content is bytes else _text_writer(returned.charset)
    return (b"content-type", returned.content_type.encode("latin-1")), write


def is_sent_whole(invoker: Invoker) -> bool:
    """Whether a result is always one body, rather than a stream, a file, or the way elsewhere."""
    returned = invoker.signature.returned
    return returned.item is None and not (returned.may_be(File) or returned.may_be(Redirect))


def _text_writer(charset: str) -> Write:
    def write(value: Any) -> bytes:
        if not isinstance(value, str):
            raise TypeError(f"Expected str, got {type(value).__qualname__}.")
        return value.encode(charset)

    return write


def _write_bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"Expected bytes, got {type(value).__qualname__}.")
    return value
