"""Files that come in: what an action sees of them, where they are kept, and when they go."""

import hashlib
import io
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from raw_http import status_of
from serving import finished_requests
from waiting import PATIENCE

from servey_core import ALLOW_AUTHENTICATED, ActionError, File, WebTrigger, action
from servey_web.access_log import CLIENT_LEFT
from servey_web.multipart import MEMORY_BYTES

SETTINGS = {"body_timeout": 0.5}
LARGE = 64 * 1024 * 1024
MULTIPART = "multipart/form-data; boundary=XX"

kept: list[File] = []


@action(triggers=WebTrigger("POST", max_body_bytes=LARGE))
async def describe(photo: File, note: str = "") -> dict[str, Any]:
    digest = hashlib.sha256()
    async for chunk in photo.chunks():
        digest.update(chunk)
    return {
        "filename": photo.filename,
        "content_type": photo.content_type,
        "size": photo.size,
        "sha256": digest.hexdigest(),
        "note": note,
    }


@action(triggers=WebTrigger("POST"))
def first_line(document: File) -> str:
    return document.stream.readline().decode()


@action(triggers=WebTrigger("POST", max_body_bytes=LARGE))
def names(photos: list[File], cover: File | None = None, tags: list[str] | None = None) -> Any:
    return [[one.filename for one in photos], cover and cover.filename, tags]


@action(triggers=WebTrigger("POST", max_body_bytes=LARGE))
async def keep(files: list[File], fail: bool = False) -> int:
    kept.extend(files)
    if fail:
        raise RuntimeError
    return resident_bytes()


@action(triggers=WebTrigger("POST", max_body_bytes=LARGE), timeout=0.2)
async def hang(files: list[File]) -> None:
    import asyncio

    kept.extend(files)
    await asyncio.Event().wait()


@action(triggers=WebTrigger("POST", max_body_bytes=LARGE), access_control=ALLOW_AUTHENTICATED)
async def guarded(photo: File) -> int:
    return photo.size


@action(triggers=WebTrigger("PUT", "/albums/{album}/{number}"))
async def replace(album: str, number: int, photo: File) -> Any:
    return [album, number, photo.size]


ACTIONS = [describe, first_line, names, keep, hang, guarded, replace]


def resident_bytes() -> int:
    """What this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def temporary_files() -> int:
    """How many temporary files are open: they have a place in no folder."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = descriptor.readlink()
        except FileNotFoundError:
            continue
        found += "(deleted)" in str(target) and str(target).startswith("/tmp/")
    return found


def part(disposition: str, content: bytes = b"", content_type: str = "") -> bytes:
    kind = f"Content-Type: {content_type}\r\n" if content_type else ""
    head = f"--XX\r\nContent-Disposition: form-data; {disposition}\r\n{kind}\r\n"
    return head.encode() + content + b"\r\n"


def posted(app: Any, name: str, *parts: bytes) -> Any:
    return app.post(f"/actions/{name}", b"".join(parts) + b"--XX--\r\n", MULTIPART)


def errors_of(response: Any) -> list[tuple[str, str]]:
    assert response.status_code == 422, response.text
    return [(one["pointer"], one["type"]) for one in response.json()["errors"]]


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    before = temporary_files()
    yield
    kept.clear()
    end = time.monotonic() + 10  # a caller may have its answer before the files are closed
    while temporary_files() != before and time.monotonic() < end:
        time.sleep(0.01)
    assert temporary_files() == before


def test_an_action_sees_name_type_size_and_content(app: Any) -> None:
    files = {"photo": ("été.png", b"\x89PNG\r\n--XX", "image/png")}
    response = app.client.post("/actions/describe", files=files, data={"note": "007"})
    assert response.json() == {
        "filename": "été.png",
        "content_type": "image/png",
        "size": 10,
        "sha256": hashlib.sha256(b"\x89PNG\r\n--XX").hexdigest(),
        "note": "007",
    }


def test_a_function_that_blocks_has_an_ordinary_file(app: Any) -> None:
    files = {"document": ("a.txt", b"one\ntwo\n")}
    assert app.client.post("/actions/first-line", files=files).json() == "one\n"


def test_a_path_goes_with_a_file(app: Any) -> None:
    response = app.client.put("/albums/summer/7", files={"photo": b"abc"})
    assert response.json() == ["summer", 7, 3]


@pytest.mark.parametrize(
    ("disposition", "filename"),
    [
        ('name="photo"; filename="../../etc/passwd"', "passwd"),
        ('name="photo"; filename="C:\\\\temp\\\\a.png"', "a.png"),
        ('name="photo"; filename="日本 (1).png"', "日本 (1).png"),
        ('name="photo"; filename="a\\"b;c.png"', 'a"b;c.png'),
        ("name=photo; filename=plain.png", "plain.png"),
        ('filename="a.png"; name="photo"', "a.png"),
        ('name="photo"; filename="a.png"; filename*=UTF-8\'\'b.png', "a.png"),
        ('name="photo"; filename=".."', None),
        ('name="photo"; filename=""', None),
    ],
)
def test_a_filename_is_a_name_and_nothing_else(
    app: Any, disposition: str, filename: str | None
) -> None:
    response = posted(app, "describe", part(disposition, b"x"))
    assert (response.status_code, response.json()["filename"]) == (200, filename)


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("image/jpeg", "image/jpeg"),
        ("text/csv; charset=utf-8", "text/csv; charset=utf-8"),
        ("", "image/png"),
        ("nonsense", "image/png"),
        ("text/html\x0b", "image/png"),
    ],
)
def test_the_type_is_the_callers_word_where_it_is_one(app: Any, given: str, seen: str) -> None:
    response = posted(app, "describe", part('name="photo"; filename="a.png"', b"x", given))
    assert response.json()["content_type"] == seen


def test_an_empty_file_is_a_file(app: Any) -> None:
    response = posted(app, "describe", part('name="photo"; filename="a.txt"'))
    assert (response.json()["filename"], response.json()["size"]) == ("a.txt", 0)


def test_a_browser_that_sends_no_file_sends_a_part_without_name_and_content(app: Any) -> None:
    nothing = part('name="{}"; filename=""', b"", "application/octet-stream")
    empty, cover = (nothing.replace(b"{}", name) for name in (b"photos", b"cover"))
    one = part('name="photos"; filename="a"', b"x")
    assert posted(app, "names", one, cover).json() == [["a"], None, None]
    assert errors_of(posted(app, "names", empty, cover)) == [("#/photos", "missing")]


def test_several_files_and_several_fields_keep_their_order(app: Any) -> None:
    files = [("photos", (f"{number}.png", b"x" * number)) for number in range(50)]
    files.insert(7, ("cover", ("cover.png", b"x")))
    response = app.client.post("/actions/names", files=files, data={"tags": ["b", "a"]})
    expected = [f"{number}.png" for number in range(50)]
    assert response.json() == [expected, "cover.png", ["b", "a"]]


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([], [("#/photo", "missing")]),
        ([part('name="photo"', b"text")], [("#/photo", "file_type")]),
        ([part("name=\"photo\"; filename*=UTF-8''a.png", b"x")], [("#/photo", "file_type")]),
        (
            [part('name="photo"; filename="a"'), part('name="note"; filename="b"')],
            [("#/note", "field_type")],
        ),
        ([part('name="photo"; filename="a"')] * 2, [("#/photo", "given_twice")]),
        (
            [part('name="photo"; filename="a"'), part('name="other"; filename="b"')],
            [("#/other", "extra_forbidden")],
        ),
        ([part('name="other"', b"x")], [("#/other", "extra_forbidden"), ("#/photo", "missing")]),
    ],
)
def test_a_bad_field_is_named(app: Any, parts: list[bytes], wrong: list[Any]) -> None:
    assert sorted(errors_of(posted(app, "describe", *parts))) == wrong


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b'{"photo": {"content": ""}}', 415),
        ("application/octet-stream", b"x", 415),
        ("application/x-www-form-urlencoded", b"photo=a.png", 422),
    ],
)
def test_files_come_by_multipart(app: Any, content_type: str, body: bytes, status: int) -> None:
    assert app.post("/actions/describe", body, content_type).status_code == status


def test_the_number_of_files_is_bounded(app: Any) -> None:
    one = part('name="photos"; filename="a"', b"x")
    assert len(posted(app, "names", *[one] * 100).json()[0]) == 100
    response = posted(app, "names", *[one] * 101)
    assert (response.status_code, response.json()["limit"]) == (413, 100)


def test_fields_beside_files_stay_small(app: Any) -> None:
    photo = part('name="photo"; filename="a"', b"x" * 3_000_000)
    response = posted(app, "describe", photo, part('name="note"', b"x" * 1_000_000))
    assert len(response.json()["note"]) == 1_000_000
    response = posted(app, "describe", photo, part('name="note"', b"x" * 1_100_000))
    assert (response.status_code, response.json()["limit"]) == (413, 1024 * 1024)


def test_a_large_file_goes_to_disk_as_it_arrives(app: Any) -> None:
    size, block = 32 * 1024 * 1024, b"x" * 65536
    head = part('name="files"; filename="a"')[:-2]
    tail = b"\r\n--XX--\r\n"

    def body() -> Iterator[bytes]:
        yield head
        for _ in range(size // len(block)):
            yield block
        yield tail

    posted(app, "keep", part('name="files"; filename="a"', b"x" * MEMORY_BYTES))  # warms up
    before = resident_bytes()
    headers = {"Content-Type": MULTIPART, "Content-Length": str(len(head) + size + len(tail))}
    response = app.client.post("/actions/keep", content=body(), headers=headers)
    assert kept[-1].size == size
    assert response.json() - before < 4 * 1024 * 1024


def test_many_files_share_one_budget_of_memory(app: Any) -> None:
    one = part('name="files"; filename="a"', b"x" * (MEMORY_BYTES // 3))
    assert posted(app, "keep", *[one] * 10).status_code == 200
    in_memory = [isinstance(one.stream, io.BytesIO) for one in kept]
    assert in_memory.count(True) == 3


def test_a_file_that_moves_to_disk_keeps_what_it_has(app: Any) -> None:
    content = os.urandom(MEMORY_BYTES * 3)
    response = app.client.post("/actions/describe", files={"photo": content})
    assert response.json()["sha256"] == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("size", [10, MEMORY_BYTES * 2])
@pytest.mark.parametrize(
    ("name", "data", "status"),
    [
        ("keep", {}, 200),
        ("keep", {"fail": "true"}, 500),
        ("hang", {}, 504),
        ("keep", {"x": ""}, 422),
    ],
)
def test_files_are_closed_whatever_becomes_of_the_request(
    app: Any, name: str, data: dict[str, str], status: int, size: int
) -> None:
    with finished_requests() as finished:
        files = {"files": b"x" * size}
        response = app.client.post(f"/actions/{name}", files=files, data=data)
        assert response.status_code == status
        finished.wait_for(request_id=response.headers["x-request-id"])
    assert all(one.stream.closed for one in kept)


def test_a_form_that_ends_badly_leaves_nothing(app: Any) -> None:
    large = part('name="files"; filename="a"', b"x" * MEMORY_BYTES * 2)
    response = app.post("/actions/keep", large + b"--XX\r\n", MULTIPART)
    assert response.status_code == 400


def begin(app: Any, name: str, length: int, *fields: str) -> socket.socket:
    """Send the head of a form, and nothing of its body."""
    url = app.client.base_url
    connection = socket.create_connection((url.host, url.port), timeout=PATIENCE)
    head = [
        f"POST /actions/{name} HTTP/1.1",
        "Host: localhost",
        f"Content-Type: {MULTIPART}",
        f"Content-Length: {length}",
        *fields,
    ]
    connection.sendall("\r\n".join([*head, "", ""]).encode())
    return connection


def test_a_caller_that_leaves_leaves_nothing(app: Any) -> None:
    with finished_requests() as finished:
        with begin(app, "keep", 10_000_000) as connection:
            connection.sendall(part('name="files"; filename="a"', b"x" * MEMORY_BYTES * 4))
        finished.wait_for(status=CLIENT_LEFT)
    assert not kept


def test_an_upload_that_comes_too_slowly_is_cut(app: Any) -> None:
    with begin(app, "keep", 10_000_000) as connection:
        connection.sendall(part('name="files"; filename="a"', b"x" * 10)[:-2])
        assert status_of(connection) == 408


def test_who_may_not_upload_is_told_before_the_body_is_read(app: Any) -> None:
    with begin(app, "guarded", 10_000_000) as connection:
        assert status_of(connection) == 401
    response = app.client.post(
        "/actions/guarded", files={"photo": b"abc"}, headers=app.credentials()
    )
    assert response.json() == 3


def test_more_than_is_accepted_is_refused_before_it_is_read(app: Any) -> None:
    with begin(app, "keep", LARGE + 1) as connection:
        assert status_of(connection) == 413


def test_a_file_needs_a_method_with_a_body(started: Callable[..., Any]) -> None:
    @action(triggers=WebTrigger("DELETE"))
    async def remove(photo: File | None = None) -> None: ...

    with pytest.raises(ActionError, match=r"'photo' is a file.*DELETE has no body"):
        started([remove]).services()
