"""What an action adds to its response: a status, header fields, cookies."""

from http.cookies import SimpleCookie
from typing import Annotated, Any

import pytest
from raw_http import connected, get, post

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    ContentType,
    Cookie,
    File,
    NotFound,
    RateLimit,
    Redirect,
    Response,
    SecureHashCacheControl,
    TtlCacheControl,
    WebTrigger,
    action,
)

SETTINGS = {"env": "production", "jwt_secret_key": "k" * 32}

EXTRA: dict[str, Any] = {}
"""What the next call sets as header fields."""


@action(triggers=WebTrigger("POST", "/books", status=201))
async def add_book(title: str, response: Response) -> str:
    response.headers["Location"] = f"/books/{title}"
    response.headers["X-Kind"] = "novel"
    response.set_cookie("last", "1")
    response.set_cookie("session", "abc", max_age=60, same_site="Strict")
    return title


@action(triggers=(WEB_GET, WEB_POST), cache_control=SecureHashCacheControl(60))
def with_status(response: Response, status: int | None = None) -> str:
    response.status = status
    return "body"


@action(triggers=WEB_GET, cache_control=TtlCacheControl(60), access_control=ALLOW_AUTHENTICATED)
def guarded(response: Response, status: int) -> str:
    response.status = status
    return "body"


@action(triggers=WEB_GET)
def with_headers(response: Response) -> str:
    response.headers.update(EXTRA)
    return "body"


@action(triggers=WEB_GET, cache_control=TtlCacheControl(60))
def its_own_hint(response: Response) -> str:
    response.headers["cache-control"] = "no-store"
    return "body"


@action(triggers=WEB_GET)
def as_text(response: Response) -> Annotated[str, ContentType("text/plain")]:
    response.headers["Content-Type"] = "text/markdown"
    return "# Title"


@action(triggers=WEB_GET)
def as_file(response: Response, status: int = 200) -> File:
    response.status = status
    response.headers["Content-Disposition"] = "inline"
    response.set_cookie("seen", "1")
    return File.of("x", filename="x.txt")


@action(triggers=WEB_GET)
def as_redirect(response: Response) -> Redirect:
    response.status = 302
    response.set_cookie("seen", "1")
    return Redirect("/there")


@action(triggers=WEB_GET)
def fails(response: Response) -> str:
    response.status = 201
    response.headers["X-Kind"] = "novel"
    raise NotFound("There is none.")


@action(triggers=WEB_GET, rate_limits=RateLimit("1000/second"))
def limited(response: Response) -> str:
    response.headers["X-Kind"] = "novel"
    return "body"


@action(triggers=WEB_POST)
def sign_out(response: Response, session: Annotated[str, Cookie()] = "") -> str:
    response.delete_cookie("session")
    return session


ACTIONS = [
    add_book,
    with_status,
    guarded,
    with_headers,
    its_own_hint,
    as_text,
    as_file,
    as_redirect,
    fails,
    limited,
    sign_out,
]


@pytest.fixture(autouse=True)
def no_extra() -> None:
    EXTRA.clear()


def test_headers_and_cookies_go_with_the_result(app: Any) -> None:
    response = app.client.post("/books", json={"title": "Emma"})
    assert (response.status_code, response.json()) == (201, "Emma")
    assert response.headers["location"] == "/books/Emma"
    assert response.headers["x-kind"] == "novel"
    first, second = response.headers.get_list("set-cookie")
    assert SimpleCookie(first)["last"].value == "1"
    morsel = SimpleCookie(second)["session"]
    assert (morsel["max-age"], morsel["samesite"], morsel["secure"], morsel["httponly"]) == (
        "60",
        "Strict",
        True,
        True,
    )


def test_each_call_has_a_response_of_its_own(app: Any) -> None:
    for title in ("Emma", "Ulysses"):
        response = app.client.post("/books", json={"title": title})
        assert response.headers["location"] == f"/books/{title}"
        assert len(response.headers.get_list("set-cookie")) == 2


def test_a_location_is_a_uri(app: Any) -> None:
    response = app.client.post("/books", json={"title": "Les misérables\r\nX: 1"})
    assert response.headers["location"] == "/books/Les%20mis%C3%A9rables%0D%0AX:%201"


@pytest.mark.parametrize("status", [200, 202, 206, 400, 404, 418, 499, 500, 599])
def test_the_status_is_the_actions(app: Any, status: int) -> None:
    response = app.client.post("/actions/with-status", json={"status": status})
    assert (response.status_code, response.json()) == (status, "body")


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("path", ["with-status", "as-file"])
def test_a_status_without_content_has_none(app: Any, path: str, status: int) -> None:
    with connected(app.url) as connection:
        for _ in range(2):
            connection.send(get(f"/actions/{path}?status={status}"))
            answer = connection.answer()
            assert (answer.status, answer.body) == (status, b"")
            assert answer.all("content-length") == (["0"] if status == 205 else [])
            assert not answer.all("content-type")


@pytest.mark.parametrize("status", [0, 99, 100, 101, 199, 600, 1000, -1])
def test_a_status_that_is_none_is_a_failure(
    app: Any, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with connected(app.url) as connection:
        connection.send(post("/actions/with-status", b'{"status":%d}' % status))
        answer = connection.answer()
        assert (answer.status, answer.json()["title"]) == (500, "Internal error")
        connection.send(get("/actions/with-status"))
        assert connection.answer().status == 200
    assert f"A response's status is 200 to 599, not {status}." in caplog.text


def test_conditions_and_hints_are_for_what_succeeds(app: Any) -> None:
    etag = app.get("/actions/with-status").headers["etag"]
    known = {"If-None-Match": etag}
    assert app.get("/actions/with-status", headers=known).status_code == 304
    assert app.get("/actions/with-status?status=203", headers=known).status_code == 304
    response = app.get("/actions/with-status?status=404", headers=known)
    assert (response.status_code, response.json()) == (404, "body")
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


def test_what_depends_on_the_caller_is_not_kept_whatever_its_status(app: Any) -> None:
    for status, cache_control in [(200, "private, max-age=60"), (404, "no-store")]:
        response = app.get(f"/actions/guarded?status={status}", headers=app.credentials())
        assert response.status_code == status
        assert response.headers["cache-control"] == cache_control


def test_a_hint_of_the_actions_own_goes_first(app: Any) -> None:
    response = app.get("/actions/its-own-hint")
    assert response.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"X-A": "a\r\nX-Evil: 1"}, {"x-a": "a X-Evil: 1"}),
        ({"X-A": "a\n\n<script>"}, {"x-a": "a <script>"}),
        ({"X-A": "a\x00\x7fb"}, {"x-a": "a b"}),
        ({"X-A": "é"}, {"x-a": "é"}),
        ({"X-A": "€"}, {"x-a": "?"}),
        ({"X-A": "  a  "}, {"x-a": "a"}),
        ({"X-A": ""}, {"x-a": ""}),
        ({"X A": "1", "X:A": "1", "X\r\nY": "1", "": "1", "É": "1"}, {}),
        (
            {"Content-Type": "application/vnd.api+json"},
            {"content-type": "application/vnd.api+json"},
        ),
        ({"ETag": '"a"', "Vary": "Cookie"}, {"etag": '"a"', "vary": "Cookie"}),
        ({"X-Content-Type-Options": "other"}, {"x-content-type-options": "other"}),
    ],
)
def test_a_header_is_made_fit_to_send(
    app: Any, headers: dict[str, str], sent: dict[str, str]
) -> None:
    EXTRA.update(headers)
    with connected(app.url) as connection:
        connection.send(get("/actions/with-headers"))
        answer = connection.answer()
    assert (answer.status, answer.body) == (200, b'"body"')
    for name, value in sent.items():
        assert answer.only(name) == value
    EXTRA.clear()
    usual = set(app.get("/actions/with-headers").headers)
    assert {name for name, _ in answer.fields} == usual | set(sent)


@pytest.mark.parametrize(
    "name",
    [
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "connection",
        "Keep-Alive",
        "Upgrade",
        "Trailer",
        "Date",
        "X-Request-ID",
    ],
)
def test_a_header_that_is_the_servers_is_a_failure(
    app: Any, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    EXTRA[name] = "0"
    response = app.get("/actions/with-headers")
    assert (response.status_code, response.json()["title"]) == (500, "Internal error")
    assert f"The header {name.lower()} is the server's to set." in caplog.text


@pytest.mark.parametrize("value", [5, None, b"x", ["a"]])
def test_a_header_that_is_no_text_is_a_failure(
    app: Any, value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    EXTRA["X-Count"] = value
    assert app.get("/actions/with-headers").status_code == 500
    assert f"The header X-Count is no str, but {type(value).__name__}." in caplog.text


def test_every_kind_of_result_heeds_them(app: Any) -> None:
    response = app.get("/actions/as-text")
    assert (response.text, response.headers["content-type"]) == ("# Title", "text/markdown")
    response = app.get("/actions/as-file?status=203")
    assert (response.status_code, response.headers["content-disposition"]) == (203, "inline")
    assert response.headers["set-cookie"].startswith("seen=1")
    response = app.get("/actions/as-redirect")
    assert (response.status_code, response.headers["location"]) == (302, "/there")
    assert response.headers["set-cookie"].startswith("seen=1")
    assert app.get("/actions/limited").headers["x-kind"] == "novel"
    assert "ratelimit" in app.get("/actions/limited").headers


def test_a_problem_heeds_none(app: Any) -> None:
    response = app.get("/actions/fails")
    assert response.status_code == 404
    assert "x-kind" not in response.headers


def test_a_cookie_is_forgotten(app: Any) -> None:
    response = app.client.post("/actions/sign-out", json={}, headers={"Cookie": "session=abc"})
    assert response.json() == "abc"
    morsel = SimpleCookie(response.headers["set-cookie"])["session"]
    assert (morsel.value, morsel["max-age"]) == ("", "0")


def test_head_has_the_same_fields(app: Any) -> None:
    EXTRA.update({"X-A": "1"})
    response = app.client.head("/actions/with-headers")
    assert (response.headers["x-a"], response.content) == ("1", b"")
