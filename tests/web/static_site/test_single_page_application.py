"""`SERVEY_STATIC_SITE_FALLBACK`: paths that only the browser knows."""

import pytest
from serving import start_with

from servey_core import SettingsError

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SETTING = {"static_site_fallback": "index.html"}


@pytest.fixture
def application(folder, serve):
    folder.write("index.html", "<div id=app></div>")
    folder.write("404.html", "lost")
    folder.write("app.js", "run()")
    return serve(**SETTING)


@pytest.mark.parametrize("path", ["/people", "/people/7", "/people/7/", "/a.b/c"])
def test_a_browser_is_shown_the_application(application, path):
    answer = application.client.get(path, headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, "<div id=app></div>")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["vary"] == "accept"
    head = application.client.head(path, headers=BROWSER)
    assert (head.status_code, head.content) == (200, b"")
    again = {**BROWSER, "If-None-Match": answer.headers["etag"]}
    assert application.client.get(path, headers=again).status_code == 304


def test_a_file_that_is_not_there_is_not_the_application(application):
    answer = application.client.get("/app.1234.js", headers=BROWSER)
    assert (answer.status_code, answer.text) == (404, "lost")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "image/avif,image/*,*/*;q=0.8"])
def test_only_navigations_are_shown_it(application, accept):
    answer = application.client.get("/people", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_only_reading_methods_are_shown_it(application):
    assert application.client.post("/people", headers=BROWSER).status_code == 404


def test_without_the_setting_there_is_none(folder, site):
    folder.write("index.html", "home")
    assert site.client.get("/people", headers=BROWSER).status_code == 404


@pytest.mark.parametrize("name", ["indx.html", "../index.html", ".hidden", ""])
def test_a_file_that_is_not_there_stops_the_start(folder, workplace, name):
    folder.write("index.html", "home")
    folder.write(".hidden", "hidden")
    runtime = start_with([], static_site_fallback=name)
    with pytest.raises(SettingsError, match="SERVEY_STATIC_SITE_FALLBACK"):
        runtime.services()


def test_a_misspelt_file_is_told(folder):
    folder.write("index.html", "home")
    with pytest.raises(SettingsError, match=r"Did you mean 'index\.html'\?"):
        start_with([], static_site_fallback="indx.html").services()


def test_it_needs_a_static_site(workplace):
    with pytest.raises(SettingsError, match="SERVEY_STATIC_SITE as well"):
        start_with([], **SETTING).services()
