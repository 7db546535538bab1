"""What the annotation of a result says of how it leaves."""

import json
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Optional, Union

import pytest

from servey_core import Action, ContentType, File, Redirect, SignatureError
from servey_core.returns import Returned, returned
from servey_core.signatures import Signature

CSV = ContentType("text/csv")
PNG = ContentType("image/png")


@dataclass
class Item:
    number: int


def said(annotation: Any) -> tuple[Any, ...]:
    read = returned(annotation, streams=False)
    return read.content, read.content_type


def giving(annotation: Any) -> Signature:
    def give() -> None: ...

    give.__annotations__["return"] = annotation
    return Signature(Action(give, "give"))


@pytest.mark.parametrize(
    ("annotation", "content", "content_type"),
    [
        (int, None, None),
        (Item, None, None),
        (str, None, None),
        (list[str], None, None),
        (File, None, None),
        (File | None, None, None),
        (bytes | None, None, None),
        (bytes, bytes, "application/octet-stream"),
        (bytes | Redirect, bytes, "application/octet-stream"),
        (Annotated[bytes, "noted"], bytes, "application/octet-stream"),
        (Annotated[bytes, PNG], bytes, "image/png"),
        (Annotated[bytes, CSV], bytes, "text/csv"),
        (Annotated[str, CSV], str, "text/csv; charset=utf-8"),
        (Annotated[str, "noted", CSV], str, "text/csv; charset=utf-8"),
        (Annotated[str, CSV] | Redirect, str, "text/csv; charset=utf-8"),
        (Annotated[str | Redirect, CSV], str, "text/csv; charset=utf-8"),
        (Annotated[str, CSV] | File | Redirect, str, "text/csv; charset=utf-8"),
        (Annotated[str, ContentType("application/xml")], str, "application/xml"),
        (Annotated[str, ContentType("TEXT/X; Charset=u8")], str, "TEXT/X; Charset=u8"),
    ],
)
def test_what_is_content_has_a_type(annotation: Any, content: Any, content_type: Any) -> None:
    assert said(annotation) == (content, content_type)


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, CSV],
        Annotated[list[str], CSV],
        Annotated[str | bytes, CSV],
        Annotated[str, CSV] | None,
        Annotated[str, CSV] | Item,
        Annotated[str, CSV] | Redirect | None,
        Annotated[File, PNG],
        Annotated[Redirect, CSV],
        list[Annotated[str, CSV]],
        dict[str, list[Annotated[bytes, PNG]]],
        Callable[[Annotated[str, CSV]], int],
    ],
)
def test_a_content_type_that_would_go_nowhere_is_refused(annotation: Any) -> None:
    with pytest.raises(ValueError, match=r"content type (text/csv|image/png)"):
        said(annotation)


@pytest.mark.parametrize(
    ("annotation", "files", "redirects"),
    [
        (File, True, False),
        (Annotated[File, "noted"], True, False),
        (File | None, True, False),
        (Annotated[File | None, "noted"], True, False),
        (Optional[Annotated[File, "noted"]], True, False),  # noqa: UP045
        (Union[File, Redirect], True, True),  # noqa: UP007
        (Redirect | Item, False, True),
        (list[File], False, False),
        (Item, False, False),
    ],
)
def test_what_a_result_may_be_is_known(annotation: Any, files: bool, redirects: bool) -> None:
    read = returned(annotation, streams=False)
    assert (read.may_be(File), read.may_be(Redirect)) == (files, redirects)


@pytest.mark.parametrize("kind", [AsyncIterator, AsyncIterable, AsyncGenerator])
def test_a_stream_is_a_list_of_its_items(kind: Any) -> None:
    annotation = kind[Item, None] if kind is AsyncGenerator else kind[Item]
    assert returned(annotation, streams=True) == Returned(list[Item], Item)
    assert returned(Annotated[annotation, "noted"], streams=True) == Returned(list[Item], Item)


@pytest.mark.parametrize(
    "annotation",
    [AsyncIterator[Annotated[str, CSV]], Annotated[AsyncIterator[str], CSV]],
)
def test_a_stream_of_texts_of_a_type_is_one_text(annotation: Any) -> None:
    read = returned(annotation, streams=True)
    assert (read.content, read.content_type) == (str, "text/csv; charset=utf-8")
    assert read.whole(["a,", "b\n"]) == "a,b\n"


def test_a_stream_of_bytes_is_one_content() -> None:
    read = returned(AsyncIterator[bytes], streams=True)
    assert (read.content, read.content_type) == (bytes, "application/octet-stream")
    assert read.whole([b"\xff", b"\x00"]) == b"\xff\x00"
    assert returned(AsyncIterator[str], streams=True).whole(["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize("annotation", [int, list[int], None, Annotated[str, CSV]])
def test_an_async_generator_gives_an_async_iterator(annotation: Any) -> None:
    with pytest.raises(ValueError, match="annotate it AsyncIterator"):
        returned(annotation, streams=True)


def test_what_is_wrong_is_told_with_the_place_of_the_action() -> None:
    with pytest.raises(
        SignatureError, match=r"Action 'give' \(.*test_returns.py:\d+\): the result"
    ):
        giving(list[Annotated[str, CSV]])


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        (bytes, b"\xff\x00", '"/wA="'),
        (Annotated[bytes, PNG], b"", '""'),
        (Annotated[bytes, PNG] | Redirect, b"\xff\x00", '"/wA="'),
        (Annotated[bytes, PNG] | Redirect, Redirect("/x"), '{"url":"/x","status":303}'),
        (Annotated[str, CSV], "é", '"é"'),
        (Annotated[str, CSV] | Redirect, Redirect("/x", 307), '{"url":"/x","status":307}'),
    ],
)
def test_where_there_is_only_json_content_is_a_text_of_it(
    annotation: Any, value: Any, text: str
) -> None:
    signature = giving(annotation)
    written = signature.result_to_json(value)
    assert written.decode() == text
    assert signature.result_from_json(written) == value


def test_bytes_within_a_result_are_base64_too() -> None:
    signature = giving(list[bytes])
    assert json.loads(signature.result_to_json([b"\xff\x00"])) == ["/wA="]
    assert signature.result_from_json(b'["/wA="]') == [b"\xff\x00"]


@pytest.mark.parametrize("value", ["text", None, 5, [b"x"]])
def test_what_is_no_bytes_is_not_written_as_such(value: Any) -> None:
    with pytest.raises(ValueError, match="Expected bytes"):
        giving(bytes).result_to_json(value)
