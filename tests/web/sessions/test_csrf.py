"""Forms that no page of this host has sent (OWASP, Cross-Site Request Forgery Prevention)."""

import base64
from typing import Any

import pytest
from serving import Served
from visiting import PASSWORD, Browser, token_in

from servey_web.sessions.csrf import is_token_of, new_token

HTML = {"Accept": "text/html"}


def send(browser: Browser, token: str | None, **options: Any) -> int:
    """Send the form of notes; the status."""
    form = {"text": "written", **({} if token is None else {"csrf_token": token})}
    return browser.post("/notes", data=form, **options).status_code


@pytest.fixture(params=["visitor", "session"])
def somebody(request: pytest.FixtureRequest, browser: Browser) -> Browser:
    """A browser with a cookie, of a session or of a visitor."""
    if request.param == "session":
        browser.log_in()
    browser.get("/notes")
    assert browser.cookies
    return browser


def test_a_form_that_a_page_of_this_host_sends_is_accepted(
    somebody: Browser, notes: list[str]
) -> None:
    token = somebody.token("/notes")
    assert send(somebody, token) == 200
    assert send(somebody, token, headers={"Sec-Fetch-Site": "same-origin"}) == 200
    own = str(somebody.base_url).rstrip("/")
    assert send(somebody, token, headers={"Origin": own}) == 200
    assert len(notes) == 3


def test_the_page_of_a_sent_form_has_a_token_of_its_own(somebody: Browser) -> None:
    form = {"text": "one", "csrf_token": somebody.token("/notes")}
    answer = somebody.post("/notes", data=form)
    assert send(somebody, token_in(answer.text)) == 200


def test_a_header_will_do_for_scripts(somebody: Browser, notes: list[str]) -> None:
    token = somebody.token("/notes")
    assert send(somebody, None, headers={"X-CSRF-Token": token}) == 200
    assert send(somebody, token, headers={"X-CSRF-Token": "another"}) == 403
    assert notes == ["written"]


def test_a_cookie_without_a_token_is_not_enough(somebody: Browser, notes: list[str]) -> None:
    assert send(somebody, None) == 403
    assert send(somebody, "") == 403
    assert send(somebody, None, headers={"X-CSRF-Token": ""}) == 403
    assert notes == []


def test_a_token_without_a_cookie_is_not_enough(
    somebody: Browser, another: Browser, notes: list[str]
) -> None:
    assert send(another, somebody.token("/notes")) == 403
    assert notes == []


def test_a_token_of_another_browser_is_not_enough(
    somebody: Browser, another: Browser, notes: list[str]
) -> None:
    assert send(somebody, another.token("/notes")) == 403
    another.log_in(username="bob")
    assert send(somebody, another.token("/notes")) == 403
    assert notes == []


def test_a_token_in_the_query_is_none(somebody: Browser, notes: list[str]) -> None:
    token = somebody.token("/notes")
    assert send(somebody, None, params={"csrf_token": token}) == 403
    assert notes == []


def test_two_tokens_are_none(somebody: Browser, notes: list[str]) -> None:
    token = somebody.token("/notes")
    form = {"text": "written", "csrf_token": [token, "another"]}
    assert somebody.post("/notes", data=form).status_code == 403
    assert notes == []


def changed(token: str) -> list[str]:
    made = bytearray(base64.urlsafe_b64decode(token))
    made[-1] ^= 1
    return [
        base64.urlsafe_b64encode(made).decode(),
        token[:-4],
        token + "AAAA",
        token.swapcase(),
        "A" * 64,
        "ä" * 64,
        "=" * 64,
        "servey csrf",
    ]


def test_a_changed_token_is_none(somebody: Browser, notes: list[str]) -> None:
    for token in changed(somebody.token("/notes")):
        assert send(somebody, token) == 403
    assert notes == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1.evil.example"},
    ],
)
def test_a_page_of_another_site_is_refused_whatever_it_has(
    somebody: Browser, notes: list[str], headers: dict[str, str]
) -> None:
    assert send(somebody, somebody.token("/notes"), headers=headers) == 403
    assert notes == []


def test_a_program_with_a_token_in_the_header_needs_none(
    app: Served, another: Browser, notes: list[str]
) -> None:
    assert send(another, None, headers=app.credentials()) == 200
    assert notes == ["written"]


def test_a_header_that_browsers_send_by_themselves_is_not_enough(
    somebody: Browser, another: Browser, app: Served, notes: list[str]
) -> None:
    assert send(another, None, auth=("ann", "password")) == 403
    assert send(somebody, None, headers=app.credentials()) == 403
    assert notes == []


def test_nobody_is_logged_in_by_the_form_of_another_site(another: Browser) -> None:
    form = {"username": "mallory", "password": PASSWORD}
    assert another.post("/login", data=form).status_code == 403
    token = another.token("/login")
    sent = another.post(
        "/login", data={**form, "csrf_token": token}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert sent.status_code == 403
    with Browser(str(another.base_url)) as mallory:
        form["csrf_token"] = mallory.token("/login")
    assert another.post("/login", data=form).status_code == 403
    assert "servey_session" not in another.cookies


def test_nobody_is_logged_out_by_the_form_of_another_site(browser: Browser) -> None:
    browser.log_in()
    token = browser.token("/diary")
    assert browser.post("/logout").status_code in (403, 415)
    assert browser.post("/logout", data={"a": "b"}).status_code == 403
    elsewhere = {"Origin": "https://evil.example"}
    form = {"csrf_token": token}
    assert browser.post("/logout", data=form, headers=elsewhere).status_code == 403
    assert browser.get("/logout").status_code == 405
    assert browser.get("/diary").status_code == 200


def test_a_login_and_a_logout_leave_no_token_in_force(browser: Browser) -> None:
    before = browser.token("/notes")
    visitor = browser.cookies["servey_session_csrf"]
    browser.log_in()
    assert "servey_session_csrf" not in browser.cookies
    assert send(browser, before) == 403
    within = browser.token("/notes")
    assert send(browser, within) == 200
    browser.post("/logout", data={"csrf_token": within})
    after = browser.token("/notes")
    assert browser.cookies["servey_session_csrf"] != visitor
    assert send(browser, before) == 403
    assert send(browser, within) == 403
    assert send(browser, after) == 200


def test_a_session_that_was_planted_is_not_the_one_after_the_login(
    app: Served, browser: Browser
) -> None:
    planted = app.credentials(subject="mallory")["Authorization"].removeprefix("Bearer ")
    browser.cookies.set("servey_session", planted, domain="127.0.0.1")
    browser.log_in()
    assert browser.cookies["servey_session"] != planted
    assert "Diary of ann" in browser.get("/diary").text


@pytest.mark.parametrize("planted", ["short", "x" * 44, "ä" * 43, "x y", "=" * 43])
def test_a_visitors_cookie_that_is_none_of_ours_is_replaced(browser: Browser, planted: str) -> None:
    cookie = b"servey_session_csrf=" + planted.encode()
    answer = browser.get("/notes", headers={"Cookie": cookie})
    assert "servey_session_csrf=" in answer.headers["set-cookie"]


def test_a_refusal_is_a_page_that_says_what_to_do(somebody: Browser) -> None:
    form = {"text": "my very own text", "csrf_token": new_token("another")}
    answer = somebody.post("/notes", data=form, headers=HTML)
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "reload the page" in answer.text
    assert form["csrf_token"] not in answer.text
    assert form["text"] not in answer.text
    program = somebody.post("/notes", data=form, headers={"Accept": "application/json"})
    assert program.json()["type"] == "urn:servey:problem:form-refused"


def test_tokens_differ_and_hold_for_one_secret() -> None:
    tokens = {new_token("secret") for _ in range(10)}
    assert len(tokens) == 10
    assert all(is_token_of("secret", token) for token in tokens)
    assert not any(is_token_of("Secret", token) for token in tokens)
