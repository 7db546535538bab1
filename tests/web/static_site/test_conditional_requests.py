"""Callers that have the file are told so (RFC 9110, section 13)."""

import os

import pytest

CHANGED = "Tue, 14 Nov 2023 22:13:20 GMT"


def test_what_is_told_of_a_file(folder, site):
    folder.write("a.txt", "content")
    answer = site.client.get("/a.txt")
    assert answer.headers["last-modified"] == CHANGED
    assert answer.headers["etag"].startswith('"')
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"If-None-Match": "{etag}"}, 304),
        ({"If-None-Match": "W/{etag}"}, 304),
        ({"If-None-Match": '"other", {etag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": ""}, 200),
        ({"If-Modified-Since": CHANGED}, 304),
        ({"If-Modified-Since": "Tue, 14 Nov 2023 22:13:21 GMT"}, 304),
        ({"If-Modified-Since": "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304),
        ({"If-Modified-Since": "Tue Nov 14 22:13:20 2023"}, 304),
        ({"If-Modified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 200),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": CHANGED}, 200),
        ({"If-Match": "{etag}"}, 200),
        ({"If-Match": '"other",{etag}'}, 200),
        ({"If-Match": 'W/"other",{etag}'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "W/{etag}"}, 412),
        ({"If-Match": ""}, 412),
        ({"If-Match": '"other"', "If-Unmodified-Since": CHANGED}, 412),
        ({"If-Match": '"other"', "If-None-Match": "{etag}"}, 412),
        ({"If-Match": "{etag}", "If-None-Match": "{etag}"}, 304),
        ({"If-Match": "{etag}", "If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 200),
        ({"If-Unmodified-Since": CHANGED}, 200),
        ({"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:21 GMT"}, 200),
        ({"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 412),
        ({"If-Unmodified-Since": "yesterday"}, 200),
        ({"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:19 GMT", "Range": "bytes=0-1"}, 412),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(folder, site, fields, status, method):
    folder.write("a.txt", "content")
    etag = site.client.get("/a.txt").headers["etag"]
    headers = {name: value.replace("{etag}", etag) for name, value in fields.items()}
    answer = site.client.request(method, "/a.txt", headers=headers)
    assert answer.status_code == status
    if status == 412:
        assert answer.headers["content-type"] == "application/problem+json"
        return
    assert answer.headers["etag"] == etag
    assert answer.headers["cache-control"] == "no-cache"
    if status == 304:
        assert answer.content == b""
        assert "content-type" not in answer.headers


def test_the_tag_is_that_of_the_content_on_every_host(folder, site):
    first = folder.write("a/one.txt", "content")
    second = folder.write("b/two.txt", "content", at=1_600_000_000)
    assert first.stat().st_mtime != second.stat().st_mtime
    etags = {site.client.get(path).headers["etag"] for path in ("/a/one.txt", "/b/two.txt")}
    assert len(etags) == 1


def test_a_file_put_in_place_of_another_of_its_size_and_time(folder, site):
    """As reproducible builds make them: every file is of the same second."""
    folder.write("a.txt", "one")
    etag = site.client.get("/a.txt").headers["etag"]
    folder.write("next", "two").replace(folder.path / "a.txt")
    answer = site.client.get("/a.txt", headers={"If-None-Match": etag})
    assert (answer.status_code, answer.text) == (200, "two")


def test_a_file_of_this_moment_has_no_time_yet(folder, site):
    (folder.path / "now.txt").write_text("now")
    os.utime(folder.path / "now.txt", (4_000_000_000, 4_000_000_000))
    assert "last-modified" not in site.client.get("/now.txt").headers
