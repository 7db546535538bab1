"""How the results of an action leave, as far as its annotation tells."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Union

from servey_core import File, Redirect
from servey_core.returns import Returned, bare, members_of


@dataclass(frozen=True, slots=True)
class Sending:
    """How the results of an action leave.

    Attributes:
        json: The type of what leaves as JSON, of a stream that of its items; None where nothing
            does.
        is_stream: Whether items leave one by one.
        content_type: The media type of a text or of bytes; None for others.
        is_text: Whether what has this media type is a text.
        as_file: Whether a result may be a file.
        as_redirect: Whether a result may be the way elsewhere.
    """

    json: Any = None
    is_stream: bool = False
    content_type: str | None = None
    is_text: bool = False
    as_file: bool = False
    as_redirect: bool = False


def sending(returned: Returned) -> Sending:
    """How the results of an action leave.

    Args:
        returned: What the annotation says.
    """
    is_stream, told = returned.item is not None, returned.content_type
    kinds = set() if is_stream else {kind for kind in (File, Redirect) if returned.may_be(kind)}
    annotation = returned.item if is_stream else returned.annotation
    return Sending(
        json=_without(kinds, annotation) if told is None else None,
        is_stream=is_stream,
        content_type=told,
        is_text=returned.content is str,
        as_file=File in kinds,
        as_redirect=Redirect in kinds,
    )


def _without(kinds: Collection[type], annotation: Any) -> Any:
    """What a type may be besides some; None where that is nothing."""
    if not kinds:
        return annotation
    rest = tuple(one for one in members_of(annotation) if bare(one) not in kinds)
    return Union[rest] if rest else None  # noqa: UP007 - it is not written out
