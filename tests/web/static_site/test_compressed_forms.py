"""Compressed forms beside a file, and who is given which (RFC 9110, section 12.5.3)."""

import gzip
import tracemalloc

import pytest
from site_folders import LONG_AGO

from servey_web.static_site.encodings import choose_coding

SCRIPT = "console.log('hello');" * 200


@pytest.fixture
def script(folder):
    """A script with three compressed forms; those that Python has no module for are made up."""
    folder.write("app.js", SCRIPT)
    folder.write("app.js.gz", gzip.compress(SCRIPT.encode()))
    folder.write("app.js.br", b"br" * 20)
    folder.write("app.js.zst", b"zst" * 20)
    return "/app.js"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("br", "br"),
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("gzip;q=0.2, br;q=0.3, zstd;q=0", "br"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("*;q=0.1, br;q=0", "zstd"),
        ("GZIP", "gzip"),
        ("gzip; q=0.5 ,deflate", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("identity;q=0.5, gzip;q=1", "gzip"),
        ("deflate", None),
        ("*;q=0", None),
        ("", None),
        ("gzip;q=2", None),
        ("gzip;level=9", None),
        (", ,", None),
        ("gzip\xff", None),
    ],
)
def test_the_coding_that_is_liked_best(accepted, coding):
    assert choose_coding(accepted.encode("latin-1"), ("br", "zstd", "gzip")) == coding


def test_nothing_to_choose_from():
    assert choose_coding(None, ("gzip",)) is None
    assert choose_coding(b"gzip", ()) is None


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip"])
def test_a_caller_is_given_what_it_likes(folder, script, site, coding):
    with site.client.stream("GET", script, headers={"Accept-Encoding": coding}) as answer:
        content = b"".join(answer.iter_raw())
    suffix = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}[coding]
    assert content == (folder.path / f"app.js{suffix}").read_bytes()
    assert answer.headers["content-encoding"] == coding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "accept-encoding"


def test_each_form_has_a_tag_of_its_own(script, site):
    forms = ("identity", "gzip")
    answers = [site.client.get(script, headers={"Accept-Encoding": form}) for form in forms]
    assert [answer.text for answer in answers] == [SCRIPT, SCRIPT]
    assert answers[0].headers["etag"] != answers[1].headers["etag"]
    assert answers[0].headers["vary"] == "accept-encoding"
    conditions = {"Accept-Encoding": "gzip", "If-None-Match": answers[1].headers["etag"]}
    not_modified = site.client.get(script, headers=conditions)
    assert (not_modified.status_code, not_modified.headers["vary"]) == (304, "accept-encoding")
    conditions["Accept-Encoding"] = "identity"
    assert site.client.get(script, headers=conditions).status_code == 200


def test_a_range_is_of_the_form(folder, script, site):
    headers = {"Accept-Encoding": "gzip", "Range": "bytes=2-5"}
    with site.client.stream("GET", script, headers=headers) as answer:
        content = b"".join(answer.iter_raw())
    assert answer.status_code == 206
    assert content == (folder.path / "app.js.gz").read_bytes()[2:6]


def test_a_form_that_is_older_is_of_another_file(folder, script, site):
    folder.write("app.js", "new", at=LONG_AGO + 1)
    answer = site.client.get(script, headers={"Accept-Encoding": "gzip, br"})
    assert answer.text == "new"
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


def test_a_form_alone_is_no_file(folder, site):
    folder.write("lost.js.gz", gzip.compress(b"lost"))
    assert site.client.get("/lost.js").status_code == 404


def test_a_form_can_be_asked_for_itself(folder, script, site):
    answer = site.client.get("/app.js.gz")
    assert gzip.decompress(answer.content).decode() == SCRIPT
    assert answer.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in answer.headers


def test_an_index_is_compressed_too(folder, site):
    folder.write("index.html", "home " * 100)
    folder.write("index.html.gz", gzip.compress(b"home " * 100))
    answer = site.client.get("/", headers={"Accept-Encoding": "gzip"})
    assert (answer.headers["content-encoding"], answer.text) == ("gzip", "home " * 100)


def test_nothing_is_kept_of_fields_that_are_long():
    tracemalloc.start()
    try:
        for number in range(20):
            codings = b",".join(b"x%d-%d" % (number, one) for one in range(5000))
            assert choose_coding(codings + b", gzip", ["gzip"]) == "gzip"
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 1_000_000
