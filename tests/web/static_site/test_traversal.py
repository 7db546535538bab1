"""Paths that try to lead out of the folder, as bytes that no client has made harmless."""

import os

import pytest
from site_folders import Folder

SECRET = b"the secret outside"

OUT_OF_THE_FOLDER = [
    "/../secret.txt",
    "/./../secret.txt",
    "/css/../../secret.txt",
    "/css/../../../secret.txt",
    "/../../../../../../../../etc/passwd",
    "/..",
    "/../",
    "/css/..",
    "/.",
    "/%2e%2e/secret.txt",
    "/%2E%2E/secret.txt",
    "/.%2e/secret.txt",
    "/%2e./secret.txt",
    "/%2e%2e%2fsecret.txt",
    "/..%2fsecret.txt",
    "/..%2Fsecret.txt",
    "/css%2f..%2f..%2fsecret.txt",
    "/css/..%2f..%2fsecret.txt",
    "/%252e%252e/secret.txt",
    "/%252e%252e%252fsecret.txt",
    "/..%252fsecret.txt",
    "/%25%32%65%25%32%65/secret.txt",
    "/..\\secret.txt",
    "/..%5csecret.txt",
    "/..%5Csecret.txt",
    "/%2e%2e%5csecret.txt",
    "/css\\..\\..\\secret.txt",
    "/css%5c..%5c..%5csecret.txt",
    "/%c0%ae%c0%ae/secret.txt",
    "/%c0%ae%c0%ae%c0%afsecret.txt",
    "/%e0%80%ae%e0%80%ae/secret.txt",
    "/%uff0e%uff0e/secret.txt",
    "/%ef%bc%8e%ef%bc%8e/secret.txt",
    "/..%00/secret.txt",
    "/../secret.txt%00.css",
    "/../secret.txt%00",
    "/css/site.css%00.txt",
    "/....//secret.txt",
    "/...//secret.txt",
    "/..;/secret.txt",
    "/css/..;/..;/secret.txt",
    "//{outside}/secret.txt",
    "/{outside}/secret.txt",
    "/%2f{outside}/secret.txt",
    "/%2f%2f{outside}/secret.txt",
    "///{outside}/secret.txt",
    "/css//../../secret.txt",
    "/css//{outside}/secret.txt",
    "//etc/passwd",
    "/%2fetc%2fpasswd",
    "/C:/Windows/win.ini",
    "/C:%5cWindows%5cwin.ini",
    "/c|/Windows/win.ini",
    "/%5c%5clocalhost%5cc$%5cWindows%5cwin.ini",
    "//localhost/c$/Windows/win.ini",
    "/file:///etc/passwd",
    "/css/site.css::$DATA",
    "/~root/secret.txt",
    "/proc/self/environ",
    "/..%0d%0a/secret.txt",
    "/.%09./secret.txt",
    "/../secret.aaaaaaaaaaaa.txt",
    "/css/..%2f..%2fsecret.aaaaaaaaaaaa.txt",
    "/%2e%2e/static_site/../secret.txt",
    "/../static_site_2/secret.txt",
    "/..%2fstatic_site_2/secret.txt",
    "/link.txt",
    "/link.aaaaaaaaaaaa.txt",
    "/links/secret.txt",
    "/links/../secret.txt",
    "/links/",
    "/links",
    "/chain.txt",
    "/sibling/secret.txt",
    "/loop.txt",
]

HIDDEN = [
    "/.env",
    "/%2eenv",
    "/.git/config",
    "/%2egit/config",
    "/css/.hidden/a.txt",
    "/css/.secret",
    "/.well-known/.secret",
    "/css/.well-known/a.txt",
    "/visible.txt",
    "/.",
    "/site.css.",
    "/site.css%20",
    "/css/site.css.",
    "/css/site.css%2e",
    "/css/site.css%20",
    "/css/site.css%20.",
    "/css./site.css",
    "/css%20/site.css",
    f"/{'a' * 256}.txt",
    f"/{'a' * 4000}",
    "/" + "a/" * 2000,
    "/" + "%F0%9F%92%A9" * 64,
    "/%ff%fe",
    "/%ed%a0%80",
    "/%zz",
    "/dotted.",
    "/dotted%2e",
    "/spaced%20",
    "/spaced ",
    "/a:b.txt",
    "/a%3ab.txt",
    "/a%5cb.txt",
    "/a\\b.txt",
]


@pytest.fixture
def outside(folder: Folder) -> str:
    """Secrets around the folder, links to them, and what is hidden in it."""
    around = folder.path.parent
    Folder(around).write("secret.txt", SECRET)
    Folder(around / "static_site_2").write("secret.txt", SECRET)
    folder.write("index.html", "home")
    folder.write("css/site.css", "body {}")
    hidden = (".env", ".git/config", "css/.hidden/a.txt", "css/.secret", ".well-known/.secret")
    unfit = ("dotted.", "spaced ", "a:b.txt", "a\\b.txt", "css/.well-known/a.txt")
    for name in (*hidden, *unfit):
        folder.write(name, SECRET)
    (folder.path / "visible.txt").symlink_to(folder.path / ".env")
    (folder.path / "link.txt").symlink_to(around / "secret.txt")
    (folder.path / "links").symlink_to(around, target_is_directory=True)
    (folder.path / "sibling").symlink_to(around / "static_site_2", target_is_directory=True)
    (folder.path / "chain.txt").symlink_to("link.txt")
    (folder.path / "loop.txt").symlink_to("loop.txt")
    return str(around).strip("/")


def exchange(site, target: str, method: str = "GET") -> bytes:
    head = f"{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    return site.exchange(head.encode("latin-1"))


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_no_path_leads_out_of_the_folder(outside, site):
    """All in one test, so that one server answers them all."""
    assert len(OUT_OF_THE_FOLDER) >= 40
    for target in OUT_OF_THE_FOLDER:
        for method in ("GET", "HEAD"):
            answer = exchange(site, target.format(outside=outside), method)
            assert SECRET not in answer, target
            assert b"root:" not in answer, target
            assert status_of(answer) in {400, 404, 414}, (target, answer)
    assert exchange(site, "/css/site.css").endswith(b"body {}")  # it is still there


def test_what_is_hidden_stays_hidden(outside, site):
    for target in HIDDEN:
        answer = exchange(site, target)
        assert SECRET not in answer, target
        assert status_of(answer) in {400, 404, 414}, (target, answer)


def test_a_redirect_stays_on_this_host(folder, site):
    folder.write("evil.example/index.html", "not there")
    for target in ("//evil.example", "///evil.example", "/%2fevil.example", "/\\evil.example"):
        answer = exchange(site, target)
        assert status_of(answer) in {400, 404}, target
        assert b"location" not in answer.lower(), target


def test_a_compressed_form_is_no_way_out(outside, folder, site):
    (folder.path / "css" / "site.css.gz").symlink_to(folder.path.parent / "secret.txt")
    os.utime(folder.path.parent / "secret.txt")
    answer = site.client.get("/css/site.css", headers={"Accept-Encoding": "gzip"})
    assert (answer.status_code, answer.text) == (200, "body {}")


def test_pages_that_are_shown_instead_are_no_way_out(outside, folder, site):
    (folder.path / "404.html").symlink_to(folder.path.parent / "secret.txt")
    answer = site.client.get("/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert SECRET not in answer.content


def test_links_within_the_folder_are_followed(folder, site):
    folder.write("css/site.css", "body {}")
    (folder.path / "current.css").symlink_to("css/site.css")
    (folder.path / "styles").symlink_to("css", target_is_directory=True)
    assert site.client.get("/current.css").text == "body {}"
    assert site.client.get("/styles/site.css").text == "body {}"


def test_the_folder_itself_may_be_a_link(workplace, serve):
    Folder(workplace.folder / "release").write("a.txt", "content")
    (workplace.folder / "static_site").symlink_to("release", target_is_directory=True)
    assert serve().client.get("/a.txt").text == "content"
