"""Whose a session's cookie is: somebody's where it is valid, and nobody's where it is not."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from serving import Served, needs_rest
from visiting import BY_HTTPS, Browser

from servey_core import Authorization

NAME = "servey_session"


def token_of(app: Served, seconds: float = 300, **claims: Any) -> str:
    """A token of the application's own."""
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    claims = {"subject": "ann", "scopes": frozenset(["read"]), **claims}
    return app.runtime.authorizer.issue(Authorization(**claims, expires_at=expires_at))


@pytest.fixture(scope="module")
def stranger(serve: Any) -> Iterator[Served]:
    """Another application, with a key of its own."""
    with serve() as stranger:
        yield stranger


def test_a_valid_cookie_is_somebodys(app: Served, browser: Browser) -> None:
    browser.cookies.set(NAME, token_of(app))
    assert "Diary of ann" in browser.get("/diary").text


def test_the_header_goes_first(app: Served, browser: Browser) -> None:
    browser.cookies.set(NAME, token_of(app))
    header = app.credentials("read", subject="bob")
    assert "Diary of bob" in browser.get("/diary", headers=header).text
    refused = browser.get("/diary", headers={"Authorization": "Bearer nonsense"})
    assert refused.status_code == 401


def test_a_header_of_another_scheme_leaves_the_cookie_in_force(
    app: Served, browser: Browser
) -> None:
    browser.cookies.set(NAME, token_of(app))
    assert "Diary of ann" in browser.get("/diary", auth=("proxy", "password")).text


def tampered(app: Served) -> str:
    head, payload, signature = token_of(app).split(".")
    return f"{head}.{payload}.{signature[::-1]}"


def unsigned(app: Served) -> str:
    return f"eyJhbGciOiJub25lIn0.{token_of(app).split('.')[1]}."


def expired(app: Served) -> str:
    return token_of(app, -60)


BAD = [
    tampered,
    unsigned,
    expired,
    lambda _: "nonsense",
    lambda _: "a=b=c",
    lambda _: "ünsafe",
    lambda _: "",
    lambda _: "x" * 9000,
]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_cookie_is_nobodys_and_is_cleared(app: Served, browser: Browser, bad: Any) -> None:
    answer = browser.get("/", headers={"Cookie": f"{NAME}={bad(app)}".encode()})
    assert answer.status_code == 200
    assert "Home" in answer.text
    assert "ann" not in answer.text
    [cleared] = answer.headers.get_list("set-cookie")
    assert cleared.startswith(f"{NAME}=; ")
    assert "Max-Age=0" in cleared


def test_a_bad_cookie_does_not_keep_anybody_from_logging_in(app: Served, browser: Browser) -> None:
    browser.cookies.set(NAME, expired(app), domain="127.0.0.1")
    assert browser.get("/diary").status_code in (303, 401)
    assert browser.log_in().status_code == 303
    assert browser.get("/diary").status_code == 200


def test_a_cookie_of_another_application_is_nobodys(
    app: Served, stranger: Served, browser: Browser
) -> None:
    browser.cookies.set(NAME, token_of(stranger))
    assert "ann" not in browser.get("/").text


def test_over_https_a_cookie_that_others_could_have_set_is_not_looked_at(
    app: Served, browser: Browser
) -> None:
    headers = {**BY_HTTPS, "Cookie": f"{NAME}={token_of(app)}"}
    assert "ann" not in browser.get("/", headers=headers).text
    headers["Cookie"] = f"__Host-{headers['Cookie']}"
    assert "ann" in browser.get("/", headers=headers).text


def test_of_two_cookies_neither_counts(app: Served, browser: Browser) -> None:
    planted = token_of(app, subject="mallory")
    headers = {"Cookie": f"{NAME}={planted}; {NAME}={token_of(app)}"}
    answer = browser.get("/", headers=headers)
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert "mallory" not in answer.text
    assert "ann" not in answer.text


@needs_rest
def test_rest_knows_no_cookie(app: Served, browser: Browser) -> None:
    browser.log_in()
    assert browser.get("/diary").status_code == 200
    assert browser.get("/actions/diary").status_code == 401
    by_header = browser.get("/actions/diary", headers=app.credentials("read"))
    assert by_header.json() == "ann"


def test_a_session_ends_with_its_token(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with serve(session_seconds=60) as app, Browser(app.url) as browser:
        browser.log_in()
        kept = {"Cookie": f"{NAME}={browser.cookies[NAME]}"}
        assert "ann" in browser.get("/", headers=kept).text
        later = datetime.now(UTC).timestamp() + 61
        monkeypatch.setattr(app.runtime.authorizer, "_clock", lambda: later)
        assert "ann" not in browser.get("/", headers=kept).text
