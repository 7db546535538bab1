"""Files on the wire: whole, in parts, and with what callers may know of them."""

import hashlib
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from raw_http import get, get_and_head
from serving import finished_requests
from waiting import PATIENCE

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    File,
    Header,
    SecureHashCacheControl,
    ServerCache,
    TtlCacheControl,
    WebTrigger,
    action,
)

SETTINGS = {"env": "production", "jwt_secret_key": "k" * 32}
LONG = bytes(range(256)) * 32768
"""More than the buffers between a server and its caller hold."""

DATA = b"0123456789"

opened: list[File] = []
folder: list[Path] = []


@action(triggers=WEB_GET)
def in_memory(filename: str | None = "a.txt") -> File:
    return File.of(b"0123456789", filename=filename)


@action(triggers=WEB_GET)
def on_disk(name: str = "data.bin") -> File:
    return File.at(folder[0] / name, filename="été.bin")


@action(triggers=WEB_GET, cache_control=TtlCacheControl(60))
def on_disk_for_a_minute() -> File:
    return File.at(folder[0] / "data.bin")


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl(60))
def in_memory_by_hash() -> File:
    return File.of(b"abc", filename="a.txt")


@action(triggers=WEB_GET, access_control=ALLOW_AUTHENTICATED)
def guarded_file() -> File:
    return File.at(folder[0] / "data.bin")


@action(triggers=WEB_GET, access_control=ALLOW_AUTHENTICATED, cache_control=TtlCacheControl(60))
def guarded_file_for_a_minute() -> File:
    return File.at(folder[0] / "data.bin")


@action(triggers=WEB_GET)
def for_a_tenant(x_tenant: Annotated[str, Header()] = "") -> File:
    return File.at(folder[0] / "data.bin", filename=f"{x_tenant}.bin")


@action(triggers=WEB_POST)
def made_by_post() -> File:
    return File.at(folder[0] / "data.bin")


@action(triggers=WEB_GET)
def vanished() -> File:
    path = folder[0] / "canary"
    path.write_bytes(b"x")
    file = File.at(path)
    path.unlink()
    return file


@action(triggers=WEB_GET)
def never_there() -> File:
    return File.at(folder[0] / "canary")


@action(triggers=WEB_GET)
async def perhaps(there: bool = True) -> Annotated[File | None, "noted"]:
    return File.of("x", filename="x.txt") if there else None


@action(triggers=WEB_GET)
async def half_read() -> File:
    file = File.at(folder[0] / "data.bin")
    await file.read(3)
    opened.append(file)
    return file


@action(triggers=WEB_GET)
async def from_a_stream() -> File:
    file = File((folder[0] / "data.bin").open("rb"), filename="data.bin")
    opened.append(file)
    return file


THE_FILE = File.of(LONG, filename="long.bin")


@action(triggers=WEB_GET)
def the_same_file() -> File:
    return THE_FILE


@action(triggers=WEB_GET, server_cache=ServerCache(60))
def kept_file() -> File:
    return File.of(LONG, filename="long.bin")


@action(triggers=WebTrigger("POST", max_body_bytes=1_000_000))
async def give_back(file: File) -> File:
    return file


ACTIONS = [
    in_memory,
    on_disk,
    on_disk_for_a_minute,
    in_memory_by_hash,
    guarded_file,
    guarded_file_for_a_minute,
    for_a_tenant,
    made_by_post,
    vanished,
    never_there,
    perhaps,
    half_read,
    from_a_stream,
    the_same_file,
    kept_file,
    give_back,
]


@pytest.fixture(scope="module", autouse=True)
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder.append(tmp_path_factory.mktemp("files"))
    for name, content in (("data.bin", DATA), ("empty.bin", b"")):
        (folder[0] / name).write_bytes(content)
        os.utime(folder[0] / name, (1_700_000_000, 1_700_000_000))
    yield
    folder.clear()


def told(response: httpx.Response, *names: str) -> list[str | None]:
    return [response.headers.get(name) for name in names]


@pytest.mark.parametrize(
    ("filename", "disposition"),
    [
        ("a.txt", 'attachment; filename="a.txt"'),
        ("a b (1).txt", 'attachment; filename="a b (1).txt"'),
        ('a"b;c.txt', "attachment; filename*=UTF-8''a%22b%3Bc.txt"),
        ("été.txt", "attachment; filename*=UTF-8''%C3%A9t%C3%A9.txt"),
        ("../../etc/passwd", 'attachment; filename="passwd"'),
        ("a\r\nX-Evil: 1.txt", "attachment; filename*=UTF-8''aX-Evil%3A%201.txt"),
    ],
)
def test_a_file_says_what_it_is_called(app: Any, filename: str, disposition: str) -> None:
    response = app.client.get("/actions/in-memory", params={"filename": filename})
    assert response.content == DATA
    assert response.headers["content-length"] == "10"
    assert response.headers["content-disposition"] == disposition


def test_a_file_on_a_disk_leaves_with_its_marks(app: Any) -> None:
    response = app.get("/actions/on-disk")
    assert response.content == DATA
    assert told(response, "content-type", "content-length", "accept-ranges", "last-modified") == [
        "application/octet-stream",
        "10",
        "bytes",
        "Tue, 14 Nov 2023 22:13:20 GMT",
    ]
    assert told(response, "cache-control", "content-disposition") == [
        "public, no-cache",
        "attachment; filename*=UTF-8''%C3%A9t%C3%A9.bin",
    ]
    assert app.get("/actions/on-disk?name=empty.bin").headers["content-length"] == "0"


@pytest.mark.parametrize(
    ("asked", "content_range", "body"),
    [
        ("bytes=0-3", "bytes 0-3/10", b"0123"),
        ("bytes=4-", "bytes 4-9/10", b"456789"),
        ("bytes=-2", "bytes 8-9/10", b"89"),
        ("bytes=8-99", "bytes 8-9/10", b"89"),
        ("Bytes=0-0", "bytes 0-0/10", b"0"),
    ],
)
def test_a_part_of_a_file_is_sent_alone(
    app: Any, asked: str, content_range: str, body: bytes
) -> None:
    response = app.get("/actions/on-disk", headers={"Range": asked})
    assert (response.status_code, response.content) == (206, body)
    assert told(response, "content-range", "content-length") == [content_range, str(len(body))]
    assert response.headers["etag"] == app.get("/actions/on-disk").headers["etag"]


def test_several_parts_of_a_file_are_told_apart(app: Any) -> None:
    response = app.get("/actions/on-disk", headers={"Range": "bytes=0-1,8-9"})
    assert response.status_code == 206
    kind, _, boundary = response.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    parts = response.content.split(f"--{boundary}".encode())
    assert [part.rpartition(b"\r\n\r\n")[2].strip() for part in parts[1:-1]] == [b"01", b"89"]
    assert all(b"Content-Type: application/octet-stream\r\n" in part for part in parts[1:-1])


@pytest.mark.parametrize("asked", ["lines=1-2", "pages=1", "x"])
def test_ranges_in_other_units_are_passed_over(app: Any, asked: str) -> None:
    response = app.get("/actions/on-disk", headers={"Range": asked})
    assert (response.status_code, response.content) == (200, DATA)


@pytest.mark.parametrize(("asked", "status"), [("bytes=10-", 416), ("bytes=5-2", 400)])
def test_what_is_no_range_of_the_file_is_a_problem(app: Any, asked: str, status: int) -> None:
    response = app.get("/actions/on-disk", headers={"Range": asked})
    assert response.status_code == response.json()["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers.get("content-range") == ("bytes */10" if status == 416 else None)


def test_a_part_is_sent_if_the_file_is_still_the_same(app: Any) -> None:
    fresh = app.get("/actions/on-disk")
    for mark in (fresh.headers["etag"], fresh.headers["last-modified"]):
        headers = {"Range": "bytes=0-3", "If-Range": mark}
        assert app.get("/actions/on-disk", headers=headers).content == b"0123"
    headers = {"Range": "bytes=0-3", "If-Range": '"other"'}
    assert app.get("/actions/on-disk", headers=headers).content == DATA


@pytest.mark.parametrize("path", ["on-disk", "on-disk-for-a-minute"])
def test_who_has_the_file_is_told_so(app: Any, path: str) -> None:
    fresh = app.get(f"/actions/{path}")
    for headers in (
        {"If-None-Match": fresh.headers["etag"]},
        {"If-Modified-Since": fresh.headers["last-modified"]},
        {"If-None-Match": fresh.headers["etag"], "Range": "bytes=0-3"},
    ):
        response = app.get(f"/actions/{path}", headers=headers)
        assert (response.status_code, response.content) == (304, b"")


def test_the_second_in_which_a_file_changed_is_told_when_it_is_over(app: Any) -> None:
    path = folder[0] / "changing.bin"
    path.write_bytes(b"one")
    ahead = time.time() + 3600
    os.utime(path, (ahead, ahead))
    first = app.get("/actions/on-disk?name=changing.bin")
    assert "last-modified" not in first.headers
    headers = {"Range": "bytes=0-1", "If-Range": "Sun, 22 Nov 2026 12:00:00 GMT"}
    assert app.get("/actions/on-disk?name=changing.bin", headers=headers).content == b"one"
    headers["If-Range"] = first.headers["etag"]
    assert app.get("/actions/on-disk?name=changing.bin", headers=headers).content == b"on"


def test_a_file_that_changes_is_another(app: Any) -> None:
    path = folder[0] / "changing.bin"
    path.write_bytes(b"one")
    first = app.get("/actions/on-disk?name=changing.bin")
    path.write_bytes(b"other")
    headers = {"If-None-Match": first.headers["etag"]}
    assert app.get("/actions/on-disk?name=changing.bin", headers=headers).content == b"other"


def test_a_file_in_memory_is_known_again_by_its_hash(app: Any) -> None:
    fresh = app.get("/actions/in-memory-by-hash")
    known = app.get("/actions/in-memory-by-hash", headers={"If-None-Match": fresh.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["etag"] == fresh.headers["etag"]
    assert not {"content-type", "content-length", "content-disposition"} & set(known.headers)
    other = app.get("/actions/in-memory-by-hash", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, b"abc")


def test_files_heed_hints(app: Any) -> None:
    assert app.get("/actions/on-disk-for-a-minute").headers["cache-control"] == "public, max-age=60"
    digest = app.get("/actions/in-memory-by-hash").headers["etag"]
    assert digest == f'"{hashlib.blake2b(b"abc", digest_size=16).hexdigest()}"'
    assert "cache-control" not in app.get("/actions/in-memory").headers


def test_files_that_depend_on_the_caller_are_its_own(app: Any) -> None:
    mine = app.credentials()
    response = app.get("/actions/guarded-file", headers=mine)
    assert told(response, "cache-control", "vary") == ["no-store", None]
    known = {**mine, "If-None-Match": response.headers["etag"]}
    assert app.get("/actions/guarded-file", headers=known).status_code == 200
    response = app.get("/actions/guarded-file-for-a-minute", headers=mine)
    assert told(response, "cache-control", "vary") == ["private, max-age=60", "authorization"]
    response = app.get("/actions/for-a-tenant", headers={"X-Tenant": "acme"})
    assert told(response, "cache-control", "vary") == ["public, no-cache", "x-tenant"]


def test_ranges_are_for_get_alone(app: Any) -> None:
    response = app.client.head("/actions/on-disk", headers={"Range": "bytes=0-1"})
    assert (response.status_code, response.headers["content-length"]) == (200, "10")


def test_conditions_are_for_those_who_read(app: Any) -> None:
    headers = {"If-None-Match": "*", "Range": "bytes=0-1"}
    response = app.client.post("/actions/made-by-post", json={}, headers=headers)
    assert (response.status_code, response.content) == (200, DATA)


@pytest.mark.parametrize("path", ["vanished", "never-there"])
def test_a_file_that_is_missing_is_a_failure_that_tells_nothing(
    app: Any, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    response = app.get(f"/actions/{path}")
    assert (response.status_code, response.json()["title"]) == (500, "Internal error")
    assert "canary" not in response.text
    assert str(folder[0]) not in response.text
    [record] = caplog.records
    assert record.name == "servey.invoke"
    assert response.json()["instance"] in record.getMessage()
    assert "canary" in caplog.text


def test_there_may_be_no_file(app: Any) -> None:
    assert told(app.get("/actions/perhaps"), "content-disposition") == [
        'attachment; filename="x.txt"'
    ]
    response = app.get("/actions/perhaps?there=false")
    assert (response.status_code, response.json()) == (200, None)


@pytest.mark.parametrize("path", ["half-read", "from-a-stream"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_file_is_sent_whole_and_closed(app: Any, path: str, method: str) -> None:
    opened.clear()
    with finished_requests() as finished:
        response = app.client.request(method, f"/actions/{path}")
        assert response.headers["content-length"] == "10"
        assert response.content == (DATA if method == "GET" else b"")
        finished.wait_for(request_id=response.headers["x-request-id"])
    [file] = opened
    assert file._stream is None or file._stream.closed


def read_in_turns(url: str, path: str, number: int) -> list[bytes]:
    """Ask for one thing over several connections, and read a little from each in turn."""
    address, _, port = url.removeprefix("http://").partition(":")
    sockets = [
        socket.create_connection((address, int(port)), timeout=PATIENCE) for _ in range(number)
    ]
    received = [b""] * number
    try:
        for one in sockets:
            one.sendall(get(path, b"Connection: close"))
        reading = set(range(number))
        while reading:
            for index in tuple(reading):
                part = sockets[index].recv(100_000)
                received[index] += part
                if not part:
                    reading.discard(index)
    finally:
        for one in sockets:
            one.close()
    return [one.partition(b"\r\n\r\n")[2] for one in received]


@pytest.mark.parametrize("path", ["the-same-file", "kept-file"])
def test_a_file_that_several_are_given_at_once_is_whole_for_each(app: Any, path: str) -> None:
    for _ in range(2):
        assert all(one == LONG for one in read_in_turns(app.url, f"/actions/{path}", 3))


def test_an_upload_can_be_given_back(app: Any) -> None:
    content = os.urandom(600_000)
    response = app.client.post("/actions/give-back", files={"file": ("a.bin", content)})
    assert response.content == content
    assert response.headers["content-disposition"] == 'attachment; filename="a.bin"'


@pytest.mark.parametrize(
    "path",
    [
        "/actions/in-memory",
        "/actions/in-memory-by-hash",
        "/actions/on-disk",
        "/actions/on-disk-for-a-minute",
        "/actions/from-a-stream",
        "/actions/perhaps",
        "/actions/perhaps?there=false",
        "/actions/never-there",
    ],
)
def test_head_is_answered_as_get_is_but_for_the_body(app: Any, path: str) -> None:
    got, head = get_and_head(app.url, path)
    assert head == got
