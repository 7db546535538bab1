"""What the annotation of a result says: its type, whether it is a stream, what its content is."""

from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from dataclasses import dataclass, replace
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from servey_core.filenames import OCTET_STREAM
from servey_core.files import File
from servey_core.results import ContentType, PageResponse, Redirect

_STREAMS = (AsyncIterator, AsyncIterable, AsyncGenerator)


@dataclass(frozen=True, slots=True)
class Returned:
    """What the annotation of a result says.

    Attributes:
        annotation: The type of the result; of a stream, that of all its items together.
        item: The type of a stream's items; None where the result is no stream.
        content: What leaves as it is, rather than as JSON: `str`, `bytes`, or None for neither. A
            stream of it is one content that comes in pieces.
        content_type: The media type of the content; None where there is none.
        charset: How a text is encoded.
        with_page: Whether the result may be a `PageResponse`, which the annotation is without.
    """

    annotation: Any
    item: Any = None
    content: type[str] | type[bytes] | None = None
    content_type: str | None = None
    charset: str = "utf-8"
    with_page: bool = False

    def may_be(self, kind: type) -> bool:
        """Whether a result can be of a type: it is the only one, or one of several."""
        return kind in map(bare, members_of(self.annotation))

    def whole(self, items: list[Any]) -> Any:
        """All the items of a stream as one result.

        Raises:
            TypeError: They are not of the annotated type.
        """
        return items if self.content is None else self.content().join(items)


def returned(annotation: Any, *, streams: bool) -> Returned:
    """Read the annotation of a result.

    Args:
        annotation: The annotation.
        streams: Whether the function is an asynchronous generator.

    Raises:
        ValueError: The annotation does not fit the function, or its content type not the type.
    """
    if not streams:
        return _read_page(annotation)
    if get_origin(bare(annotation)) not in _STREAMS:
        raise ValueError("comes from an async generator: annotate it AsyncIterator[...]")
    item = get_args(bare(annotation))[0]
    for mark in _marks(annotation):
        item = Annotated[item, mark]
    read = _read(item)
    whole: Any = list[read.annotation] if read.content is None else read.annotation  # type: ignore[name-defined]
    return replace(read, annotation=whole, item=read.annotation)


def members_of(annotation: Any) -> tuple[Any, ...]:
    """The types that a value may be of: those of a union, or the only one that there is."""
    inner = bare(annotation)
    return get_args(inner) if get_origin(inner) in (Union, UnionType) else (annotation,)


def bare(annotation: Any) -> Any:
    """A type without what `Annotated` adds."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _read_page(annotation: Any) -> Returned:
    """Read an annotation in which a `PageResponse` stands for its model."""
    members = members_of(annotation)
    if not any(map(_is_page, members)):
        return _read(annotation)
    models: Any = Union[tuple(_model(one) if _is_page(one) else one for one in members)]  # noqa: UP007 - of what is only known now
    marks = [] if annotation in members else _marks_of(annotation)
    return replace(_read(Annotated[models, *marks] if marks else models), with_page=True)


def _is_page(annotation: Any) -> bool:
    inner = bare(annotation)
    return inner is PageResponse or get_origin(inner) is PageResponse


def _model(annotation: Any) -> Any:
    """What a page is made of, with what `Annotated` adds to the page."""
    model = next(iter(get_args(bare(annotation))), Any)
    marks = _marks_of(annotation)
    return Annotated[model, *marks] if marks else model


def _marks_of(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__metadata__", ())


def _read(annotation: Any) -> Returned:
    members = members_of(annotation)
    contents = [one for one in members if bare(one) not in (File, Redirect)]
    only = contents[0] if len(contents) == 1 else None
    told = [*_marks(annotation), *(_marks(only) if only is not annotation else ())]
    if told and bare(only) not in (str, bytes):
        raise ValueError(
            f"has the content type {told[0].media_type}, which only str and bytes can have"
        )
    if hidden := [mark for mark in _all_marks(annotation) if mark not in told]:
        raise ValueError(
            f"holds something of the content type {hidden[0].media_type}: only the whole result "
            f"can have one"
        )
    if bare(only) is bytes:
        content_type = told[-1].media_type if told else OCTET_STREAM
        return Returned(annotation, None, bytes, content_type)
    if told:
        return Returned(annotation, None, str, told[-1].of_text, told[-1].charset)
    return Returned(annotation)


def _marks(annotation: Any) -> list[ContentType]:
    return [one for one in _marks_of(annotation) if isinstance(one, ContentType)]


def _all_marks(annotation: Any) -> list[ContentType]:
    """The content types that are told anywhere in an annotation."""
    if isinstance(annotation, list):  # the arguments of a Callable
        return [mark for part in annotation for mark in _all_marks(part)]
    inner = [mark for part in get_args(annotation) for mark in _all_marks(part)]
    return [*_marks(annotation), *inner]
