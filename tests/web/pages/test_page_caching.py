"""Caching hints of pages."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from servey_core import (
    ALLOW_AUTHENTICATED,
    Cookie,
    PageResponse,
    SecureHashCacheControl,
    TimestampCacheControl,
    TtlCacheControl,
    WebPageTrigger,
    action,
)
from servey_web import WebSettings


@dataclass
class Story:
    text: str
    changed: datetime


@action(triggers=WebPageTrigger("/plain", template="shown.j2"))
async def plain() -> str:
    return "x"


@action(triggers=WebPageTrigger("/ttl", template="shown.j2"), cache_control=TtlCacheControl(60))
async def ttl() -> str:
    return "x"


@action(
    triggers=WebPageTrigger("/hashed", template="shown.j2"),
    cache_control=SecureHashCacheControl(30),
)
async def hashed() -> str:
    return "x"


@action(
    triggers=WebPageTrigger("/story", template="story.j2"),
    cache_control=TimestampCacheControl("changed"),
)
async def story() -> Story:
    return Story("once", datetime(2026, 1, 1, tzinfo=UTC))


@action(
    triggers=WebPageTrigger("/full", template="shown.j2"), cache_control=SecureHashCacheControl(30)
)
async def full(status: int = 200) -> PageResponse[str]:
    return PageResponse("x", status=status)


@action(
    triggers=WebPageTrigger("/own", template="shown.j2"),
    access_control=ALLOW_AUTHENTICATED,
    cache_control=SecureHashCacheControl(30),
)
async def own() -> str:
    return "x"


@action(triggers=WebPageTrigger("/whose", template="whose.j2"), cache_control=TtlCacheControl(60))
async def whose() -> str:
    return "x"


@action(triggers=WebPageTrigger("/token", template="token.j2"), cache_control=TtlCacheControl(60))
async def token() -> str:
    return "x"


@action(triggers=WebPageTrigger("/cookie", template="shown.j2"), cache_control=TtlCacheControl(60))
async def cookie(seen: Annotated[str, Cookie()] = "") -> str:
    return seen


@action(
    triggers=WebPageTrigger("/not-kept", template="shown.j2"), access_control=ALLOW_AUTHENTICATED
)
async def not_kept() -> str:
    return "x"


ACTIONS = [plain, ttl, hashed, story, full, own, whose, token, cookie, not_kept]
TEMPLATES = {
    "shown.j2": "{{ model }}",
    "story.j2": "{{ model.text }}",
    "whose.j2": "{{ authorization.subject if authorization }}",
    "token.j2": "{{ csrf_token() }}",
}


def cached(answer: Any) -> tuple[Any, ...]:
    fields = ("cache-control", "vary", "etag", "last-modified")
    return tuple(answer.headers.get(field) for field in fields)


def test_nothing_is_said_where_nothing_is_known(app: Any) -> None:
    assert cached(app.get("/plain")) == (None, None, None, None)


def test_a_fixed_time(app: Any) -> None:
    assert cached(app.get("/ttl")) == ("public, max-age=60", None, None, None)


def test_a_caller_that_has_the_page_is_told_so(app: Any) -> None:
    for path in ("/hashed", "/full"):
        answer = app.get(path)
        tag = answer.headers["etag"]
        assert answer.headers["cache-control"] == "public, max-age=30"
        again = app.get(path, If_None_Match=tag)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert "content-type" not in again.headers
        assert app.get(path, If_None_Match='"other"').status_code == 200


def test_a_page_changes_with_its_template(app: Any) -> None:
    answer = app.get("/story")
    assert "last-modified" not in answer.headers
    tag = answer.headers["etag"]
    assert app.get("/story", If_None_Match=tag).status_code == 304
    later = "Fri, 01 Jan 2027 00:00:00 GMT"
    assert app.get("/story", If_Modified_Since=later).status_code == 200
    folder = app.runtime.settings.group(WebSettings).templates
    (folder / "story.j2").write_text("changed {{ model.text }}")
    assert app.get("/story", If_None_Match=tag).status_code == 200


def test_another_status_has_no_hint(app: Any) -> None:
    answer = app.get("/full?status=404")
    assert answer.status_code == 404
    assert cached(answer) == ("no-store", None, None, None)


def test_what_depends_on_the_caller_is_private(app: Any) -> None:
    answer = app.get("/own", **app.credentials())
    assert answer.headers["cache-control"] == "private, max-age=30"
    assert answer.headers["vary"] == "authorization, cookie"
    assert cached(app.get("/not-kept", **app.credentials()))[0] == "no-store"


def test_a_template_that_shows_the_caller_makes_a_page_private(app: Any) -> None:
    answer = app.get("/whose")
    assert answer.headers["cache-control"] == "private, max-age=60"
    assert answer.headers["vary"] == "authorization, cookie"


def test_a_template_with_a_token_is_not_kept_at_all(app: Any) -> None:
    answer = app.get("/token")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["vary"] == "Cookie"


def test_an_argument_in_a_cookie(app: Any) -> None:
    answer = app.get("/cookie", Cookie="seen=1")
    assert answer.headers["cache-control"] == "private, max-age=60"
    assert "cookie" in answer.headers["vary"].lower()
