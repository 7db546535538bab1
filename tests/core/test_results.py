"""What an action says of its result: content types, redirects, and additions to the response."""

from typing import Any

import pytest

from servey_core import Authorization, ContentType, Redirect, Response


@pytest.mark.parametrize(
    "media_type",
    [
        "text/csv",
        "image/svg+xml",
        "application/vnd.api+json",
        "text/html; charset=utf-8",
        'multipart/mixed; boundary="a b"',
    ],
)
def test_a_media_type_is_taken(media_type: str) -> None:
    assert ContentType(media_type).media_type == media_type


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text",
        "text/",
        "/csv",
        "text/csv\n",
        "text/csv\r\nX-Evil: 1",
        "text/csv; a=\x00",
        "text csv/x",
        "tëxt/csv",
        "text/csv; charset=klingon",
    ],
)
def test_what_is_no_media_type_is_refused(media_type: str) -> None:
    with pytest.raises(ValueError, match=r"media type|charset"):
        ContentType(media_type)


@pytest.mark.parametrize(
    ("media_type", "of_text", "charset"),
    [
        ("text/csv", "text/csv; charset=utf-8", "utf-8"),
        ("text/csv; header=present", "text/csv; header=present; charset=utf-8", "utf-8"),
        ("text/csv; charset=latin-1", "text/csv; charset=latin-1", "latin-1"),
        ('Text/CSV; Charset="ISO-8859-1"', 'Text/CSV; Charset="ISO-8859-1"', "iso-8859-1"),
        ("application/xml", "application/xml", "utf-8"),
    ],
)
def test_a_text_says_how_it_is_encoded(media_type: str, of_text: str, charset: str) -> None:
    told = ContentType(media_type)
    assert (told.of_text, told.charset) == (of_text, charset)


def test_a_redirect_looks_elsewhere_with_get() -> None:
    assert Redirect("/there") == Redirect("/there", 303)


def test_a_cookie_is_careful_where_nothing_is_said() -> None:
    response = Response()
    response.set_cookie("session", "abc")
    [cookie] = response.cookies
    name, *attributes = cookie.split("; ")
    assert name == "session=abc"
    assert set(attributes) == {"Path=/", "HttpOnly", "Secure", "SameSite=Lax"}


def test_a_cookie_has_the_attributes_that_are_asked_for() -> None:
    response = Response()
    response.set_cookie(
        "__Host-id",
        "a",
        max_age=60,
        path="/app",
        domain="example.com",
        secure=False,
        http_only=False,
        same_site="Strict",
    )
    _, *attributes = response.cookies[0].split("; ")
    assert set(attributes) == {"Path=/app", "Domain=example.com", "Max-Age=60", "SameSite=Strict"}


def test_several_cookies_are_several() -> None:
    response = Response()
    response.set_cookie("a", "1")
    response.set_cookie("b", "2")
    assert [one.partition(";")[0] for one in response.cookies] == ["a=1", "b=2"]


def test_a_cookie_is_deleted_where_it_was_set() -> None:
    response = Response()
    response.delete_cookie("session", path="/app")
    name, *attributes = response.cookies[0].split("; ")
    assert name == "session="
    assert {"Max-Age=0", "Path=/app"} <= set(attributes)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "a b"},
        {"name": "a;b"},
        {"name": ""},
        {"name": "path"},
        {"value": "a;b"},
        {"value": "a b"},
        {"value": "a\r\nSet-Cookie: b=1"},
        {"value": "é"},
        {"value": '"'},
        {"path": "/; Domain=evil.example"},
        {"path": "/\r\nX: 1"},
        {"domain": "a.example; Path=/"},
        {"domain": "é.example"},
    ],
)
def test_what_cannot_stand_in_a_cookie_is_refused(wrong: dict[str, Any]) -> None:
    response = Response()
    with pytest.raises(ValueError, match="cookie"):
        response.set_cookie(**{"name": "a", "value": "b", **wrong})
    assert not response.cookies


def test_a_session_is_started_ended_or_left_as_it_is() -> None:
    response = Response()
    assert response.session is None
    response.start_session("a secret token")
    assert response.session == "a secret token"
    assert "secret" not in repr(response)
    response.start_session(Authorization("ann"))
    assert response.session == Authorization("ann")
    response.end_session()
    assert response.session == ""
    with pytest.raises(ValueError, match="empty token"):
        response.start_session("")
