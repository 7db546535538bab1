"""How the cookies of pages are set (RFC 6265bis, section 4.1)."""

from http.cookies import Morsel, SimpleCookie
from typing import Any

import httpx
import pytest
from visiting import BY_HTTPS, Browser


def cookies_of(answer: httpx.Response) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets, by name."""
    found: dict[str, Morsel[str]] = {}
    for line in answer.headers.get_list("set-cookie"):
        found.update(SimpleCookie(line))
    return found


def assert_guarded(cookie: Morsel[str], *, secure: bool) -> None:
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert cookie["domain"] == ""
    assert bool(cookie["secure"]) is secure


def test_over_http_the_cookie_of_a_session_has_its_plain_name(browser: Browser) -> None:
    cookie = cookies_of(browser.log_in())["servey_session"]
    assert_guarded(cookie, secure=False)
    assert 8 * 3600 - 10 < int(cookie["max-age"]) <= 8 * 3600


def test_behind_a_proxy_that_ends_tls_only_this_host_can_have_set_it(by_https: Browser) -> None:
    cookie = cookies_of(by_https.log_in())["__Host-servey_session"]
    assert_guarded(cookie, secure=True)
    assert by_https.get("/diary").status_code == 200


@pytest.mark.parametrize("headers", [{}, BY_HTTPS])
def test_the_cookie_of_a_visitor_is_guarded_as_well(app: Any, headers: dict[str, str]) -> None:
    with Browser(app.url, headers=headers) as browser:
        [(name, cookie)] = cookies_of(browser.get("/notes")).items()
    assert_guarded(cookie, secure=bool(headers))
    assert name == ("__Host-servey_session_csrf" if headers else "servey_session_csrf")
    assert cookie["max-age"] == ""


def test_a_proxy_that_is_not_trusted_is_not_believed(serve: Any) -> None:
    settings = {"forwarded_allow_ips": "192.0.2.1"}
    with serve(**settings) as app, Browser(app.url, headers=BY_HTTPS) as browser:
        assert list(cookies_of(browser.get("/notes"))) == ["servey_session_csrf"]


def test_the_name_and_the_time_are_settings(serve: Any) -> None:
    with serve(session_cookie="shop", session_seconds=60) as app, Browser(app.url) as browser:
        cookie = cookies_of(browser.log_in())["shop"]
    assert 50 < int(cookie["max-age"]) <= 60


def test_logging_out_has_the_cookies_forgotten(browser: Browser) -> None:
    browser.log_in()
    answer = browser.post("/logout", data={"csrf_token": browser.token("/diary")})
    assert answer.status_code == 303
    for cookie in cookies_of(answer).values():
        assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", "/")
    assert not browser.cookies


def test_a_page_that_needs_none_sets_none(browser: Browser) -> None:
    answer = browser.get("/")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "cookie" not in answer.headers.get("vary", "").lower().split(", ")


def test_pages_for_one_browser_are_kept_by_no_cache(browser: Browser) -> None:
    form = browser.get("/notes")
    assert form.headers["cache-control"] == "no-store"
    assert form.headers["vary"] == "Cookie"
    browser.log_in()
    assert browser.get("/").headers["cache-control"] == "no-store"


def test_no_cache_keeps_a_token_whatever_the_action_says(browser: Browser) -> None:
    news = {form: browser.get("/news", params={"form": form}) for form in ("false", "true")}
    assert news["false"].headers["cache-control"] == "public, max-age=60"
    assert "set-cookie" in news["true"].headers
    assert news["true"].headers["cache-control"] == "no-store"
