"""Files of a folder at `/`: which of them answers, as what, and to whom."""

import gzip
import os

import pytest
from serving import finished_requests
from site_folders import LONG_AGO, PRODUCTION
from waiting import until

CONTENT_TYPES = {
    "a.html": "text/html; charset=utf-8",
    "a.HTML": "text/html; charset=utf-8",
    "a.css": "text/css; charset=utf-8",
    "a.js": "text/javascript; charset=utf-8",
    "a.mjs": "text/javascript; charset=utf-8",
    "a.txt": "text/plain; charset=utf-8",
    "a.md": "text/markdown; charset=utf-8",
    "a.csv": "text/csv; charset=utf-8",
    "a.json": "application/json",
    "a.js.map": "application/json",
    "a.webmanifest": "application/manifest+json",
    "a.svg": "image/svg+xml",
    "a.png": "image/png",
    "a.jpg": "image/jpeg",
    "a.webp": "image/webp",
    "a.avif": "image/avif",
    "a.ico": "image/x-icon",
    "a.woff2": "font/woff2",
    "a.wasm": "application/wasm",
    "a.xml": "application/xml",
    "a.pdf": "application/pdf",
    "a.mp4": "video/mp4",
    "a.zip": "application/zip",
    "a.tar.gz": "application/gzip",
    "a.unheardof": "application/octet-stream",
    "LICENSE": "application/octet-stream",
    "html": "application/octet-stream",
}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/", "home"),
        ("/index.html", "home"),
        ("/guide/", "guide"),
        ("/guide/index.html", "guide"),
        ("/css/site.css", "body {}"),
        ("/css/site.css?v=2", "body {}"),
        ("/a%20b.txt", "spaced"),
        ("/caf%C3%A9.txt", "coffee"),
        ("/100%25.txt", "all"),
        ("/.well-known/security.txt", "Contact:"),
        ("/empty.txt", ""),
    ],
)
def test_files_are_served(folder, site, path, content):
    folder.write("index.html", "home")
    folder.write("guide/index.html", "guide")
    folder.write("css/site.css", "body {}")
    folder.write("a b.txt", "spaced")
    folder.write("café.txt", "coffee")
    folder.write("100%.txt", "all")
    folder.write(".well-known/security.txt", "Contact:")
    folder.write("empty.txt")
    answer = site.client.get(path)
    assert (answer.status_code, answer.text) == (200, content)
    assert answer.headers["content-length"] == str(len(content))


@pytest.mark.parametrize("path", ["/", "/nothing", "/guide", "/guide/", "/a.txt/", "/a.txt/b"])
def test_what_is_not_there_is_a_problem(folder, site, path):
    folder.write("a.txt", "a")
    folder.write("guide/other.html", "never listed")
    answer = site.client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:servey:problem:not-found"
    assert answer.headers["vary"] == "Accept"


def test_a_browser_is_shown_a_page_of_it(folder, site):
    folder.write("a.txt", "a")
    answer = site.client.get("/nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["content-type"]) == (
        404,
        "text/html; charset=utf-8",
    )
    assert "accept" in answer.headers["vary"].lower()
    head = site.client.head("/nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (head.status_code, head.content) == (404, b"")


def test_a_browser_is_shown_the_page_of_the_folder(folder, site):
    folder.write("404.html", "<h1>Lost</h1>")
    answer = site.client.get("/nothing", headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.text) == (404, "<h1>Lost</h1>")
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("accept", "no-cache")
    assert "etag" not in answer.headers
    assert site.client.get("/nothing").headers["content-type"] == "application/problem+json"
    ranged = {"Accept": "text/html", "Range": "bytes=0-3", "If-None-Match": "*"}
    assert site.client.get("/nothing", headers=ranged).text == "<h1>Lost</h1>"


def test_a_folder_is_asked_for_with_its_slash(folder, site):
    folder.write("guide/deep down/index.html", "deep")
    answer = site.client.get("/guide/deep%20down?a=1&b=%2F")
    assert answer.status_code == 308
    assert answer.headers["location"] == "/guide/deep%20down/?a=1&b=%2F"
    assert answer.headers["cache-control"] == "no-cache"
    assert site.client.get("/guide/deep%20down", follow_redirects=True).text == "deep"
    assert site.client.head("/guide/deep%20down").status_code == 308


def test_below_a_root_path_all_is_the_same(folder, serve):
    folder.write("guide/index.html", "guide")
    served = serve(root_path="/api")
    assert served.client.get("/guide/").text == "guide"
    assert served.client.get("/guide").headers["location"] == "/api/guide/"


@pytest.mark.parametrize("name", CONTENT_TYPES)
def test_a_name_tells_the_type(folder, site, name):
    folder.write(name, "content")
    assert site.client.get(f"/{name}").headers["content-type"] == CONTENT_TYPES[name]


def test_head_is_get_without_a_body(folder, site):
    folder.write("a.txt", "content")
    folder.write("large.bin", os.urandom(1_000_000))
    for path, size in (("/a.txt", 7), ("/large.bin", 1_000_000)):
        get, head = site.client.get(path), site.client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert int(head.headers["content-length"]) == len(get.content) == size
        assert head.headers["etag"] == get.headers["etag"]
        assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused_where_there_is_a_file(folder, site, method):
    folder.write("a.txt", "content")
    answer = site.client.request(method, "/a.txt")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.headers["content-type"] == "application/problem+json"
    shown = site.client.request(method, "/a.txt", headers={"Accept": "text/html"})
    assert (shown.status_code, shown.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert shown.headers["content-type"] == "text/html; charset=utf-8"
    assert site.client.request(method, "/b.txt").status_code == 404


def test_options_tell_the_methods(folder, site):
    folder.write("a.txt", "content")
    answer = site.client.options("/a.txt")
    assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize("size", [256 * 1024, 256 * 1024 + 1, 3_000_000, 17 * 1024 * 1024])
def test_large_files_are_whole(folder, site, size):
    content = os.urandom(size)
    folder.write("large.bin", content)
    answer = site.client.get("/large.bin")
    assert answer.content == content
    assert answer.headers["etag"] == site.client.get("/large.bin").headers["etag"]


def test_files_carry_what_every_response_does(folder, serve):
    folder.write("a.html", "content")
    served = serve(access_log=True)
    with finished_requests() as finished:
        answer = served.client.get("/a.html")
        identity = answer.headers["x-request-id"]
        finished.wait_for(method="GET", path="/a.html", status=200, request_id=identity)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


def test_a_file_that_changes_is_served_as_it_is(folder, site):
    folder.write("a.txt", "one")
    first = site.client.get("/a.txt")
    folder.write("a.txt", "two")  # of the same size, and as of the same second
    second = site.client.get("/a.txt")
    assert (first.text, second.text) == ("one", "two")
    assert first.headers["etag"] != second.headers["etag"]
    folder.write("b.txt", "new")
    assert site.client.get("/b.txt").text == "new"
    (folder.path / "b.txt").unlink()
    assert site.client.get("/b.txt").status_code == 404


def test_in_production_a_change_is_seen_within_a_second(folder, serve):
    """Though it is asked for all the time, and kept for that reason."""
    folder.write("a.txt", "one")
    served = serve(**PRODUCTION)
    etag = served.client.get("/a.txt").headers["etag"]
    folder.write("a.txt", "two")
    until(lambda: served.client.get("/a.txt").text != "one")
    assert served.client.get("/a.txt").headers["etag"] != etag


def test_in_production_forms_and_paths_are_kept_apart(folder, serve):
    folder.write("a/b.txt", "plain " * 100)
    folder.write("a/b.txt.gz", gzip.compress(b"plain " * 100))
    served = serve(**PRODUCTION)
    for _ in range(2):
        for form, coding in (("identity", None), ("gzip", "gzip")):
            answer = served.client.get("/a/b.txt", headers={"Accept-Encoding": form})
            assert answer.headers.get("content-encoding") == coding
            assert answer.text == "plain " * 100
        assert served.client.get("/a%2Fb.txt").status_code == 404
        assert served.client.get("/a/b%2etxt").status_code == 200
        assert served.client.post("/a/b.txt").status_code == 405
        assert served.client.head("/a/b.txt").content == b""


def test_what_cannot_be_read_is_not_there(folder, site):
    folder.write("secret.txt", "secret").chmod(0)
    os.mkfifo(folder.path / "pipe")
    if os.geteuid() != 0:  # to root, nothing is unreadable
        assert site.client.get("/secret.txt").status_code == 404
    assert site.client.get("/pipe").status_code == 404


def test_odd_times_are_no_reason_to_fail(folder, site):
    for name, at in (("old", -5_000_000_000), ("late", 300_000_000_000), ("now", LONG_AGO)):
        folder.write(f"{name}.txt", name, at=at)
        assert site.client.get(f"/{name}.txt").text == name
