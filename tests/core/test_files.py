"""Files: content, names, types; and as an object in JSON."""

import asyncio
import gc
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from servey_core import Cookie, File, Header, InvalidInput, Signature, action, action_of
from servey_core.filenames import plain_filename
from servey_core.files import CHUNK_BYTES, in_thread
from servey_core.places import place_of
from servey_core.texts import Shape, shape_of

HELLO = {"filename": "hello.txt", "content_type": "text/plain", "content": "aGVsbG8="}


class Letter(BaseModel):
    text: str
    enclosure: File


@action
def send(
    photo: File, others: list[File] | None = None, letter: Letter | None = None
) -> list[File | None]:
    return [photo, *(others or [])]


def signature_of(function: Callable[..., Any]) -> Signature:
    found = action_of(function)
    assert found is not None
    return Signature(found)


def test_content_can_be_read_in_parts_at_once_and_again() -> None:
    async def read() -> None:
        file = File.of("häuser")
        assert file.size == 7
        assert (await file.read(2), await file.read(), await file.read()) == (
            b"h\xc3",
            b"\xa4user",
            b"",
        )
        assert [chunk async for chunk in file.chunks(3)] == [b"h\xc3\xa4", b"use", b"r"]
        file.stream.seek(1)
        assert (file.content(), file.stream.tell()) == ("häuser".encode(), 1)

    asyncio.run(read())


def test_a_file_of_this_machine_is_opened_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_bytes(b"a,b\n" * CHUNK_BYTES)

    async def read() -> None:
        file = File.at(path)
        assert (file.filename, file.content_type, file.size) == (
            "notes.csv",
            "text/csv",
            4 * CHUNK_BYTES,
        )
        assert file.content() == path.read_bytes()  # an unclosed file would be a warning
        chunks = [chunk async for chunk in file.chunks()]
        assert [len(chunk) for chunk in chunks] == [CHUNK_BYTES] * 4
        file.close()
        assert await file.read(3) == b"a,b"  # it opens again
        file.close()
        file.close()

    asyncio.run(read())
    gc.collect()
    assert File.at(path, filename="x.png", content_type="image/png").filename == "x.png"


def test_a_file_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        File.at(tmp_path / "none")


def test_any_binary_stream_will_do() -> None:
    stream = io.BytesIO(b"abc")
    file = File(stream)
    assert (file.size, file.stream.read()) == (3, b"abc")
    file.close()
    assert stream.closed


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("plain.txt", "plain.txt"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\ann\photo.png", "photo.png"),
        ("/", None),
        ("..", None),
        ("", None),
        ("a\0b\r\n.txt", "ab.txt"),
        ("\u202egpj.exe", "gpj.exe"),
        ("résumé 日本.pdf", "résumé 日本.pdf"),
        (" x ", "x"),
        (".profile", ".profile"),
        ("\ud800.txt", ".txt"),
    ],
)
def test_a_name_has_no_folders_and_no_controls(given: str, kept: str | None) -> None:
    assert plain_filename(given) == kept
    assert File.of(b"", filename=given).filename == kept


@pytest.mark.parametrize(
    ("filename", "content_type"),
    [
        ("a.png", "image/png"),
        ("data:,a.png", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("a.unheard-of", "application/octet-stream"),
        (None, "application/octet-stream"),
    ],
)
def test_the_name_tells_the_type(filename: str | None, content_type: str) -> None:
    assert File.of(b"", filename=filename).content_type == content_type


@pytest.mark.parametrize("content_type", ["image", "image/png\r\nX: 1", "image/pñg", "a/b; \x7f"])
def test_a_malformed_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(ValueError, match="image/png"):
        File.of(b"", content_type=content_type)


def test_json_has_it_as_an_object() -> None:
    signature = signature_of(send)
    text = json.dumps({"photo": HELLO, "others": [{"content": ""}]}).encode()
    arguments = signature.from_json(text)
    photo, [other] = arguments["photo"], arguments["others"]
    assert (photo.filename, photo.content_type, photo.content()) == (
        "hello.txt",
        "text/plain",
        b"hello",
    )
    assert (other.filename, other.content_type, other.size) == (None, "application/octet-stream", 0)
    assert json.loads(signature.arguments_to_json(arguments))["photo"] == HELLO
    assert json.loads(signature.result_to_json([photo, None])) == [HELLO, None]


def test_text_has_it_by_its_members_or_as_json() -> None:
    signature = signature_of(send)
    pairs = [("photo[content]", "aGVsbG8="), ("photo[filename]", "hello.txt")]
    assert signature.from_texts(pairs)["photo"].content() == b"hello"
    assert signature.from_texts([("photo", json.dumps(HELLO))])["photo"].filename == "hello.txt"
    assert shape_of(File | None) is Shape.OBJECT
    assert shape_of(list[File]) is shape_of(Letter) is Shape.JSON


def test_a_file_is_taken_as_it_is() -> None:
    file = File.of(b"x")
    arguments = signature_of(send).from_python(
        {"photo": file, "letter": {"text": "", "enclosure": file}}
    )
    assert arguments["photo"] is arguments["letter"].enclosure is file


@pytest.mark.parametrize(
    ("photo", "pointer", "kind"),
    [
        ({"content": "no base64!"}, "#/photo", "base64"),
        ({"content": "é"}, "#/photo", "base64"),
        ({"content": "aGVsbG8"}, "#/photo", "base64"),
        ({}, "#/photo/content", "missing"),
        ({"content": "", "size": 0}, "#/photo/size", "extra_forbidden"),
        ({"content": "", "filename": 1}, "#/photo/filename", "string_type"),
        ({"content": "", "content_type": "x"}, "#/photo", "value_error"),
        ("aGVsbG8=", "#/photo", "dict_type"),
    ],
)
def test_an_object_that_is_no_file_is_refused(photo: Any, pointer: str, kind: str) -> None:
    signature = signature_of(send)
    for read in (
        lambda: signature.from_json(json.dumps({"photo": photo}).encode()),
        lambda: signature.from_python({"photo": photo}),
    ):
        with pytest.raises(InvalidInput) as refused:
            read()
        assert [(one.pointer, one.type) for one in refused.value.errors] == [(pointer, kind)]


def test_a_result_that_is_no_file_is_noticed() -> None:
    with pytest.raises(PydanticSerializationError):
        signature_of(send).result_to_json(["hello"])


def test_schemas_say_what_it_is_in_json() -> None:
    adapter = TypeAdapter(File)
    schema = adapter.json_schema()
    assert schema["required"] == ["content"]
    assert schema["properties"]["content"] == {"type": "string", "contentEncoding": "base64"}
    assert adapter.json_schema(mode="serialization")["required"] == [*HELLO]
    with pytest.raises(ValidationError):
        adapter.validate_python(b"bytes")


def test_work_in_a_thread_is_seen_to_its_end_by_who_is_cancelled() -> None:
    async def run() -> list[str]:
        told: list[str] = []
        begun, loop, may_end = asyncio.Event(), asyncio.get_running_loop(), asyncio.Event()

        def work() -> None:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(may_end.wait(), loop).result()
            told.append("worked")

        task = asyncio.create_task(in_thread(work))
        await begun.wait()
        task.cancel()
        loop.call_soon(may_end.set)
        with pytest.raises(asyncio.CancelledError):
            await task
        return [*told]  # before the loop waits for its threads

    assert asyncio.run(run()) == ["worked"]


@pytest.mark.parametrize(
    ("annotation", "place"),
    [
        (str, None),
        (Annotated[str, "text"], None),
        (Annotated[str, Header()], Header()),
        (Annotated[str | None, Header("X-A"), "text"], Header("X-A")),
        (Annotated[Annotated[str, Cookie("a")], "text"], Cookie("a")),
    ],
)
def test_an_annotation_says_where_rest_finds_an_argument(annotation: Any, place: Any) -> None:
    assert place_of(annotation) == place


@pytest.mark.parametrize(
    ("annotation", "reason"),
    [
        (Annotated[str, Header], r"Header\(\)"),
        (Annotated[str, Header(), Cookie()], "two places"),
        (Annotated[str, Header()] | None, "inside"),
        (list[Annotated[str, Header()]], "inside"),
    ],
)
def test_a_place_that_would_be_overlooked_is_an_error(annotation: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        place_of(annotation)
