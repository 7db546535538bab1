"""Logging in and out by the pages for that."""

from typing import Any

import pytest
from serving import Served, needs_rest, start_with
from visiting import PASSWORD, Browser, diary, home, token_in

from servey_core import Authorization, Redirect, Response, WebPageTrigger, action


def test_somebody_logs_in_reads_and_logs_out(browser: Browser) -> None:
    assert browser.get("/diary").status_code in (303, 401)
    answer = browser.log_in("read", next="/diary")
    assert (answer.status_code, answer.headers["location"]) == (303, "/diary")
    assert answer.headers["cache-control"] == "no-store"
    page = browser.get("/diary")
    assert "Diary of ann" in page.text
    left = browser.post("/logout", data={"csrf_token": token_in(page.text), "next": "/notes"})
    assert (left.status_code, left.headers["location"]) == (303, "/notes")
    assert browser.get("/diary").status_code in (303, 401)


def test_scopes_are_those_that_were_asked_for(browser: Browser) -> None:
    browser.log_in("")
    assert browser.get("/diary").status_code == 403
    browser.log_in("write  read")
    assert browser.get("/diary").status_code == 200


def test_without_a_place_to_go_on_it_goes_to_the_start(browser: Browser) -> None:
    assert browser.log_in().headers["location"] == "/"


def test_a_wrong_password_is_told_and_nothing_of_it_is_shown(browser: Browser) -> None:
    answer = browser.log_in(password="gu<ess", username="<b>ann", next="/diary?a=1&b=2")
    assert answer.status_code == 422
    assert "The password is not right." in answer.text
    assert "gu<ess" not in answer.text
    assert "gu&lt;ess" not in answer.text
    assert 'value="&lt;b&gt;ann"' in answer.text
    assert 'value="/diary?a=1&amp;b=2"' in answer.text
    assert "servey_session" not in browser.cookies


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"username": ""}, "Fill in a user name"),
        ({"password": ""}, "Fill in a user name"),
        ({"scope": 'a"b'}, "A scope has a character"),
        ({"scope": "x" * 4000}, "browsers keep 4096 bytes"),
        ({"scope": "x" * 9000}, "longer than 8192 characters"),
    ],
)
def test_what_cannot_be_is_told(browser: Browser, change: dict[str, str], told: str) -> None:
    answer = browser.log_in(**change)
    assert answer.status_code == 422
    assert told in answer.text
    assert "You are logged in" not in answer.text
    assert "servey_session" not in browser.cookies


def test_a_page_that_may_not_be_read_says_where_to_log_in(app: Served, browser: Browser) -> None:
    answer = browser.get("/diary?day=1", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=/diary%3Fday%3D1"
    assert 'value="/diary?day=1"' in browser.get(answer.headers["location"]).text


def test_below_another_path_all_of_it_stays_there(serve: Any) -> None:
    with serve(root_path="/shop") as app, Browser(app.url) as browser:
        answer = browser.get("/diary", headers={"Accept": "text/html"})
        assert answer.headers["location"] == "/shop/login?next=/shop/diary"
        assert browser.log_in(next="/shop/diary").headers["location"] == "/shop/diary"
        assert browser.log_in().headers["location"] == "/shop/"
        page = browser.get("/login")
        assert 'action="/shop/logout"' in page.text
        left = browser.post("/logout", data={"csrf_token": token_in(page.text)})
        assert left.headers["location"] == "/shop/"


def test_the_form_says_who_is_logged_in(browser: Browser) -> None:
    browser.log_in()
    assert "You are logged in as ann." in browser.get("/login").text


def test_each_login_is_a_session_of_its_own(browser: Browser, another: Browser) -> None:
    for one in (browser, another):
        one.log_in()
    assert browser.cookies["servey_session"] != another.cookies["servey_session"]
    form = {"csrf_token": browser.token("/login")}
    assert another.post("/logout", data=form).status_code == 403
    assert browser.post("/logout", data=form).status_code == 303


def test_another_kind_of_body_is_refused(browser: Browser) -> None:
    token = browser.token("/login")
    form = {"username": "ann", "password": PASSWORD, "csrf_token": token}
    assert browser.post("/login", json=form).status_code == 415
    assert browser.post("/login", files={}, data={**form, "scope": "x" * 20_000}).status_code == 413


def test_guesses_count_for_programs_and_browsers_together(serve: Any) -> None:
    with serve() as app, Browser(app.url) as browser:
        wrong = {"grant_type": "password", "username": "ann", "password": "guess"}
        for _ in range(3):
            assert browser.post("/debug/login", data=wrong).status_code == 400
        for _ in range(2):
            assert browser.log_in(password="guess").status_code == 422
        throttled = browser.log_in()
        assert throttled.status_code == 429
        assert 0 < int(throttled.headers["retry-after"]) <= 60
        assert "Too many attempts." in throttled.text
        right = {**wrong, "password": PASSWORD}
        assert browser.post("/debug/login", data=right).status_code == 429
        assert browser.log_in(username="bob").status_code == 303


def test_what_an_action_starts_is_a_session(app: Served, browser: Browser) -> None:
    token = browser.token("/enter")
    answer = browser.post("/enter", data={"name": "cid", "csrf_token": token})
    assert (answer.status_code, answer.headers["location"]) == (303, "/diary")
    page = browser.get("/diary")
    assert "Diary of cid" in page.text
    held = app.runtime.authorizer.authorize(browser.cookies["servey_session"])
    assert held.expires_at is not None
    left = browser.post("/leave", data={"csrf_token": token_in(page.text)})
    assert left.status_code == 200
    assert "servey_session" not in browser.cookies
    again = browser.post("/leave", data={"csrf_token": token_in(left.text)})
    assert again.status_code == 200


@needs_rest
def test_by_rest_the_same_action_starts_none(browser: Browser) -> None:
    answer = browser.post("/actions/enter", json={"name": "cid"})
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers


@action(triggers=WebPageTrigger("/own", method="POST", template="enter.j2"))
async def own(token: str, response: Response) -> Redirect:
    """Start a session by a token that others issue."""
    response.start_session(token)
    return Redirect("/")


def test_a_token_of_others_starts_a_session_for_as_long_as_it_holds(serve: Any) -> None:
    with serve([home, diary, own]) as app, Browser(app.url) as browser:
        header = app.credentials("read", subject="dee")
        token = header["Authorization"].removeprefix("Bearer ")
        form = {"token": token, "csrf_token": browser.token("/own")}
        [cookie, _] = browser.post("/own", data=form).headers.get_list("set-cookie")
        assert 0 < int(cookie.partition("Max-Age=")[2].partition(";")[0]) <= 300
        assert "Diary of dee" in browser.get("/diary").text


@pytest.mark.parametrize("token", ["nonsense", "x" * 5000])
def test_a_token_that_is_not_accepted_starts_none(serve: Any, token: str) -> None:
    with serve([home, own]) as app, Browser(app.url) as browser:
        answer = browser.post("/own", data={"token": token, "csrf_token": browser.token("/own")})
        assert answer.status_code == 500
        assert "servey_session" not in browser.cookies


def paths_of(functions: list[Any], **settings: Any) -> set[str]:
    contributions = start_with(functions, **settings).services()["web"].record.host.contributions
    return {one.record.path for one in contributions}


def test_without_pages_there_is_no_login_page(templates: Any) -> None:
    @action
    async def none() -> None:
        """Be no page."""

    assert {"/login", "/logout"} & paths_of([none]) == set()
    assert {"/login", "/logout"} <= paths_of([home], templates=templates)


def test_without_the_debug_authenticator_there_is_no_login_page(serve: Any) -> None:
    with serve(debug_authenticator=False) as app, Browser(app.url) as browser:
        for path in ("/login", "/logout"):
            assert browser.get(path).status_code == 404
        answer = browser.get("/diary", headers={"Accept": "text/html"})
        assert answer.status_code == 401


@action(triggers=[WebPageTrigger("/login", method="POST", template="enter.j2")])
async def log_in(name: str, response: Response) -> Redirect:
    """Log in by the application's own page."""
    response.start_session(Authorization(name, frozenset(["read"])))
    return Redirect("/diary")


@action(triggers=WebPageTrigger("/login", template="enter.j2"))
async def show_login() -> None:
    """Show the application's own page to log in."""


@pytest.mark.parametrize("debug", [True, False])
def test_a_login_page_of_the_applications_own_goes_first(serve: Any, debug: bool) -> None:
    functions = [home, diary, log_in, show_login]
    with serve(functions, debug_authenticator=debug) as app, Browser(app.url) as browser:
        sent = browser.get("/diary", headers={"Accept": "text/html"})
        assert sent.headers["location"] == "/login?next=/diary"
        token = browser.token("/login")
        assert browser.post("/login", data={"name": "eve", "csrf_token": token}).status_code == 303
        page = browser.get("/diary")
        assert "Diary of eve" in page.text
        browser.post("/logout", data={"csrf_token": token_in(page.text)})
        assert "servey_session" not in browser.cookies


def test_a_template_of_the_applications_own_goes_first(serve: Any, tmp_path: Any) -> None:
    (tmp_path / "home.j2").write_text("home")
    text = "Our own. {{ login.next }} {{ csrf_field() }}"
    (tmp_path / "login.j2").write_text(text)
    with serve([home], templates=tmp_path) as app, Browser(app.url) as browser:
        assert "Our own. /x" in browser.get("/login?next=/x").text
        assert browser.log_in().status_code == 303
