"""URLs that name the content of files, and what is served at them."""

import hashlib
import re

import pytest
from serving import start_with
from site_folders import PRODUCTION

from servey_core import ConfigurationError
from servey_web.static_site.assets import Assets

IMMUTABLE = "public, max-age=31536000, immutable"


def test_a_url_names_the_content(folder, site):
    folder.write("css/site.css", "body {}")
    url = Assets.of(site.runtime).url("css/site.css")
    assert url == f"/css/site.{hashlib.sha256(b'body {}').hexdigest()[:12]}.css"
    answer = site.client.get(url)
    assert (answer.status_code, answer.text) == (200, "body {}")
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == IMMUTABLE
    assert site.client.get("/css/site.css").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        ("app.min.js", r"/app\.min\.[0-9a-f]{12}\.js"),
        ("LICENSE", r"/LICENSE\.[0-9a-f]{12}"),
        ("v1.2/LICENSE", r"/v1\.2/LICENSE\.[0-9a-f]{12}"),
        ("a b/é.png", r"/a%20b/%C3%A9\.[0-9a-f]{12}\.png"),
        ("site.0123456789ab.css", r"/site\.0123456789ab\.[0-9a-f]{12}\.css"),
        (".well-known/a.txt", r"/\.well-known/a\.[0-9a-f]{12}\.txt"),
    ],
)
def test_names_of_every_kind(folder, site, name, pattern):
    folder.write(name, "content")
    url = Assets.of(site.runtime).url(name)
    assert re.fullmatch(pattern, url)
    answer = site.client.get(url)
    assert (answer.text, answer.headers["cache-control"]) == ("content", IMMUTABLE)


@pytest.mark.parametrize("settings", [{}, PRODUCTION], ids=["development", "production"])
def test_a_url_of_another_version_gives_what_there_is_but_not_for_good(folder, serve, settings):
    """While a new version is rolled out, old hosts are asked for new names, and the reverse."""
    folder.write("site.css", "new")
    served = serve(**settings)
    assert served.client.get("/site.css").text == "new"
    answer = served.client.get("/site.000000000000.css")
    assert (answer.status_code, answer.text) == (200, "new")
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/site.00000000000.css",
        "/site.0000000000000.css",
        "/site.00000000000G.css",
        "/site.00000000000A.css",
        "/other.000000000000.css",
        "/.000000000000.css",
    ],
)
def test_what_is_no_fingerprint_is_nothing(folder, site, path):
    folder.write("site.css", "new")
    assert site.client.get(path).status_code == 404


def test_a_file_that_is_called_so_goes_before(folder, site):
    folder.write("site.css", "one")
    folder.write("site.000000000000.css", "two")
    answer = site.client.get("/site.000000000000.css")
    assert (answer.text, answer.headers["cache-control"]) == ("two", "no-cache")


def test_in_development_a_url_follows_its_file(folder, site):
    assets = Assets.of(site.runtime)
    folder.write("site.css", "one")
    first = assets.url("site.css")
    folder.write("site.css", "two")
    second = assets.url("site.css")
    assert first != second
    assert site.client.get(second).headers["cache-control"] == IMMUTABLE
    assert site.client.get(first).headers["cache-control"] == "no-cache"


def test_in_production_a_url_is_made_once(folder):
    folder.write("site.css", "one")
    assets = Assets.of(start_with([], **PRODUCTION))
    first = assets.url("site.css")
    folder.write("site.css", "two")
    assert assets.url("site.css") == first
    folder.write("later.css", "later")
    assert assets.url("later.css").startswith("/later.")


def test_the_root_path_is_put_before(folder):
    folder.write("site.css", "one")
    assets = Assets.of(start_with([], root_path="/api"))
    assert assets.url("site.css").startswith("/api/site.")
    assert assets.url("site.css", "/elsewhere").startswith("/elsewhere/site.")


def test_compressed_forms_go_with_it(folder, site):
    folder.write("site.css", "one")
    folder.write("site.css.br", "compressed")
    url = Assets.of(site.runtime).url("site.css")
    with site.client.stream("GET", url, headers={"Accept-Encoding": "br"}) as answer:
        assert b"".join(answer.iter_raw()) == b"compressed"
    assert answer.headers["cache-control"] == IMMUTABLE


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("css/sit.css", "Did you mean 'css/site.css'?"),
        ("/css/site.css", "Did you mean 'css/site.css'?"),
        ("../secret.txt", ""),
        (".env", ""),
        ("css", ""),
        ("", ""),
    ],
)
def test_what_is_not_there_is_an_error_with_what_is_near(folder, path, hint):
    folder.write("css/site.css", "body {}")
    folder.write(".env", "secret")
    (folder.path.parent / "secret.txt").write_text("secret")
    assets = Assets.of(start_with([]))
    with pytest.raises(ConfigurationError, match=re.escape(f"{path!r}.{hint and ' ' + hint}")):
        assets.url(path)


def test_without_a_static_site_there_are_none(workplace):
    assets = Assets.of(start_with([]))
    with pytest.raises(ConfigurationError, match="there is none: make the folder `static_site`"):
        assets.url("site.css")


def test_a_file_that_is_too_large_keeps_its_name(folder):
    folder.write("film.mp4", bytes(16 * 1024 * 1024 + 1))
    assert Assets.of(start_with([])).url("film.mp4") == "/film.mp4"


def test_files_that_a_bundler_has_named_are_kept_for_good(folder, serve):
    folder.write("assets/index-BdTHk3aF.js", "run()")
    folder.write("index.html", "home")
    served = serve(static_site_immutable="assets/*,*.woff2")
    kept = served.client.get("/assets/index-BdTHk3aF.js")
    assert kept.headers["cache-control"] == IMMUTABLE
    assert served.client.get("/").headers["cache-control"] == "no-cache"
