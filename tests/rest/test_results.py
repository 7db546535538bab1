"""Results on the wire that are no JSON: texts, bytes, redirects, and nothing at all."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from raw_http import connected, get, get_and_head

from servey_core import (
    WEB_GET,
    WEB_POST,
    ActionError,
    ContentType,
    NotFound,
    Redirect,
    SecureHashCacheControl,
    TtlCacheControl,
    WebTrigger,
    action,
)

SETTINGS = {"env": "production", "jwt_secret_key": "k" * 32}


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl(60))
def as_csv(rows: int = 1) -> Annotated[str, ContentType("text/csv")]:
    return "name,town\n" + "Zoë,Köln\n" * rows


@action(triggers=WEB_GET)
def as_latin(text: str = "Zoë") -> Annotated[str, ContentType("text/plain; charset=latin-1")]:
    return text


@action(triggers=WEB_GET)
def as_xml() -> Annotated[str, ContentType("application/xml")]:
    return "<a>é</a>"


@action(triggers=WEB_GET)
def as_octets() -> bytes:
    return b"\xff\x00"


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl())
def as_png() -> Annotated[bytes, ContentType("image/png")]:
    return b"\x89PNG"


@action(triggers=WEB_GET)
def wrong_text(kind: str) -> Annotated[str, ContentType("text/plain")]:
    return {"none": None, "bytes": b"x", "number": 5}[kind]  # type: ignore[return-value]


@action(triggers=WEB_GET)
def ratio(whole: float = 1.0) -> float:
    return 1e308 * whole


@action(triggers=WEB_GET)
def wrong_bytes() -> bytes:
    return "text"  # type: ignore[return-value]


@action(triggers=WebTrigger("GET", "/page"))
def page(signed_in: bool = False) -> Annotated[str, ContentType("text/html")] | Redirect:
    return "<h1>é</h1>" if signed_in else Redirect("/login", 307)


@action(triggers=WEB_GET)
def go(to: str) -> Redirect:
    return Redirect(to)


@action(triggers=WEB_POST)
def go_with_status(status: int) -> Redirect:
    return Redirect("/there", status)  # type: ignore[arg-type]


@action(triggers=WEB_GET, cache_control=TtlCacheControl(60))
def moved() -> Redirect:
    return Redirect("/there", 308)


@action(triggers=WebTrigger("DELETE", "/things/{number}", status=204))
def remove(number: int) -> None:
    if number > 9:
        raise NotFound("There is no such thing.")


@action(triggers=WebTrigger("POST", "/things", status=204))
def keep() -> str:
    return "not to be seen"


@action(triggers=WebTrigger("POST", "/drafts", status=205))
def reset() -> str:
    return "not to be seen"


ACTIONS = [
    as_csv,
    as_latin,
    as_xml,
    as_octets,
    as_png,
    wrong_text,
    wrong_bytes,
    ratio,
    page,
    go,
    go_with_status,
    moved,
    remove,
    keep,
    reset,
]


def told(response: httpx.Response, *names: str) -> list[str | None]:
    return [response.headers.get(name) for name in names]


# Texts and bytes


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("as-csv", "text/csv; charset=utf-8", "name,town\nZoë,Köln\n".encode()),
        ("as-latin", "text/plain; charset=latin-1", b"Zo\xeb"),
        ("as-xml", "application/xml", "<a>é</a>".encode()),
        ("as-octets", "application/octet-stream", b"\xff\x00"),
        ("as-png", "image/png", b"\x89PNG"),
    ],
)
def test_content_leaves_as_it_is(app: Any, path: str, content_type: str, body: bytes) -> None:
    response = app.get(f"/actions/{path}")
    assert response.content == body
    assert told(response, "content-type", "content-length") == [content_type, str(len(body))]


@pytest.mark.parametrize(
    "path",
    [
        "wrong-text?kind=none",
        "wrong-text?kind=bytes",
        "wrong-text?kind=number",
        "wrong-bytes",
        "as-latin?text=%E2%82%AC",
    ],
)
def test_content_of_another_type_is_a_failure(app: Any, path: str) -> None:
    response = app.get(f"/actions/{path}")
    assert (response.status_code, response.json()["title"]) == (500, "Internal error")


def test_a_number_that_json_has_not_is_a_failure(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert app.get("/actions/ratio").json() == 1e308
    response = app.get("/actions/ratio?whole=1000")
    assert (response.status_code, response.json()["title"]) == (500, "Internal error")
    [record] = caplog.records
    assert response.json()["instance"] in record.getMessage()
    assert "a number is not finite" in caplog.text


@pytest.mark.parametrize("path", ["as-csv", "as-png"])
def test_content_is_named_and_known_again(app: Any, path: str) -> None:
    fresh = app.get(f"/actions/{path}")
    known = app.get(f"/actions/{path}", headers={"If-None-Match": fresh.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["etag"] == fresh.headers["etag"]
    assert not {"content-type", "content-length", "content-disposition"} & set(known.headers)
    other = app.get(f"/actions/{path}", headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.content) == (200, fresh.content)


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_has_its_status(app: Any, status: int) -> None:
    response = app.client.post("/actions/go-with-status", json={"status": status})
    assert (response.status_code, response.content) == (status, b"")
    assert told(response, "location", "content-length") == ["/there", "0"]


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("/a?b=c&d=%20#e", "/a?b=c&d=%20#e"),
        ("https://user@example.com:8080/~a;b=(c),d!", None),
        ("http://[::1]/", None),
        ("/été/日本", "/%C3%A9t%C3%A9/%E6%97%A5%E6%9C%AC"),
        ("/a b", "/a%20b"),
        ("/a\r\nSet-Cookie: a=b", "/a%0D%0ASet-Cookie:%20a=b"),
        ('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
    ],
)
def test_where_a_redirect_leads_is_a_uri(app: Any, url: str, location: str | None) -> None:
    response = app.client.get("/actions/go", params={"to": url})
    assert (response.status_code, response.headers["location"]) == (303, location or url)
    assert "set-cookie" not in response.headers


def test_a_result_is_a_page_or_the_way_elsewhere(app: Any) -> None:
    response = app.get("/page?signed_in=true")
    assert (response.text, response.headers["content-type"]) == (
        "<h1>é</h1>",
        "text/html; charset=utf-8",
    )
    response = app.get("/page")
    assert (response.status_code, response.headers["location"]) == (307, "/login")


def test_a_redirect_may_be_kept(app: Any) -> None:
    assert app.get("/actions/moved").headers["cache-control"] == "public, max-age=60"


# Nothing


def test_no_content_has_neither_body_nor_length(app: Any) -> None:
    with connected(app.url) as connection:
        for request in (
            b"DELETE /things/5 HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"POST /things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
        ):
            connection.send(request)
            answer = connection.answer()
            assert answer.status == 204
            assert not answer.all("content-length") + answer.all("content-type")
        connection.send(b"POST /drafts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n")
        answer = connection.answer()
        assert (answer.status, answer.only("content-length"), answer.body) == (205, "0", b"")
        connection.send(get("/actions/as-octets"))
        assert connection.answer().body == b"\xff\x00"


def test_where_there_is_no_content_there_may_be_a_problem(app: Any) -> None:
    response = app.client.delete("/things/10")
    assert (response.status_code, response.json()["status"]) == (404, 404)


async def a_stream() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize("status", [204, 205])
def test_a_stream_has_a_status_with_a_body(started: Any, status: int) -> None:
    stream = action(triggers=WebTrigger("GET", status=status))(a_stream)
    with pytest.raises(ActionError, match=f"a response with status {status} has none"):
        started([stream]).services()


# HEAD


@pytest.mark.parametrize(
    "path",
    [
        "/actions/as-csv",
        "/actions/as-octets",
        "/page",
        "/page?signed_in=true",
        "/actions/moved",
    ],
)
def test_head_is_answered_as_get_is_but_for_the_body(app: Any, path: str) -> None:
    got, head = get_and_head(app.url, path)
    assert head == got
