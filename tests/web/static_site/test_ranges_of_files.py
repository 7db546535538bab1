"""Parts of files (RFC 9110, section 14)."""

import os
import re

import pytest

SMALL = b"0123456789"
LARGE = os.urandom(700_000)


@pytest.fixture(params=["small.bin", "large.bin"])
def file(folder, request):
    folder.write("small.bin", SMALL)
    folder.write("large.bin", LARGE)
    content = SMALL if request.param == "small.bin" else LARGE
    return f"/{request.param}", content


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-4", 2, 5),
        ("bytes=2-", 2, None),
        ("bytes=-3", -3, None),
        ("bytes=0-99999999", 0, None),
        ("bytes=-99999999", 0, None),
        ("Bytes=2-4", 2, 5),
        ("bytes=2-4,3-5", 2, 6),
        ("bytes=2-4, 800000-", 2, 5),
        ("bytes=900000-900001 ,-0,2-4", 2, 5),
    ],
)
def test_one_range(file, site, asked, begin, end):
    path, content = file
    answer = site.client.get(path, headers={"Range": asked})
    first, stop, _ = slice(begin, end).indices(len(content))
    assert (answer.status_code, answer.content) == (206, content[first:stop])
    assert answer.headers["content-range"] == f"bytes {first}-{stop - 1}/{len(content)}"
    assert answer.headers["content-length"] == str(stop - first)
    assert answer.headers["etag"]


def test_several_ranges(file, site):
    path, content = file
    answer = site.client.get(path, headers={"Range": "bytes=0-1, 4-5, -1"})
    assert answer.status_code == 206
    kind = answer.headers["content-type"]
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\w+)", kind)[1].encode()
    parts = answer.content.split(b"--" + boundary)[1:-1]
    bodies = [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts]
    assert bodies == [content[:2], content[4:6], content[-1:]]
    assert int(answer.headers["content-length"]) == len(answer.content)


@pytest.mark.parametrize(
    "asked", ["bytes=800000-", "bytes=800000-900000", "bytes=-0", "bytes=-0,800000-,"]
)
def test_what_is_not_in_the_file(file, site, asked):
    path, content = file
    answer = site.client.get(path, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(content)}"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("asked", ["bytes=", "bytes=a-b", "bytes=5-2"])
def test_what_is_no_range(file, site, asked):
    assert site.client.get(file[0], headers={"Range": asked}).status_code == 400


@pytest.mark.parametrize("asked", ["lines=1-2", "pages=1", "", "bytes 0-1"])
def test_other_units_are_passed_over(file, site, asked):
    answer = site.client.get(file[0], headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, file[1])


def test_head_has_no_ranges(file, site):
    answer = site.client.head(file[0], headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(file[1]))


def test_it_is_told_that_there_are_ranges(file, site):
    assert site.client.get(file[0]).headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("field", ["etag", "last-modified"])
def test_a_range_of_the_same_file(file, site, field):
    path, content = file
    known = site.client.get(path).headers[field]
    answer = site.client.get(path, headers={"Range": "bytes=0-1", "If-Range": known})
    assert (answer.status_code, answer.content) == (206, content[:2])


@pytest.mark.parametrize(
    "known",
    [
        '"another"',
        'W/"{etag}"',
        "Tue, 14 Nov 2023 22:13:19 GMT",
        "Tue, 14 Nov 2023 22:13:21 GMT",
        "yesterday",
    ],
)
def test_no_range_of_another_file(file, site, known):
    path, content = file
    known = known.format(etag=site.client.get(path).headers["etag"].strip('"'))
    answer = site.client.get(path, headers={"Range": "bytes=0-1", "If-Range": known})
    assert (answer.status_code, answer.content) == (200, content)


def test_who_has_the_file_is_not_given_a_range(file, site):
    etag = site.client.get(file[0]).headers["etag"]
    asked = {"Range": "bytes=0-1", "If-None-Match": etag}
    assert site.client.get(file[0], headers=asked).status_code == 304


def test_a_file_in_which_nothing_is(folder, site):
    folder.write("empty.txt")
    assert site.client.get("/empty.txt", headers={"Range": "bytes=0-0"}).status_code == 416
