"""What RFC 9110 and RFC 9111 say of kept results, section by section, on the wire."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    Authorization,
    CacheControl,
    CacheHeaders,
    SecureHashCacheControl,
    TimestampCacheControl,
    TtlCacheControl,
    action,
)
from servey_web.caching.freshness import entity_tag, not_modified

CHANGED = datetime(1994, 11, 15, 12, 45, 26, tzinfo=UTC)
SENT = "Tue, 15 Nov 1994 12:45:26 GMT"
BEFORE, AFTER = "Tue, 15 Nov 1994 12:45:25 GMT", "Tue, 15 Nov 1994 12:45:27 GMT"


@dataclass
class Document:
    """What a test wants to be told of."""

    tag: str | None = None
    changed: datetime | None = None


class Tagged(CacheControl):
    """Names a document as the document says."""

    def headers(self, result: Any, body: bytes) -> CacheHeaders:
        return CacheHeaders(etag=result.tag)


BOTH = Tagged() & TimestampCacheControl("changed") & TtlCacheControl(60)


@action(triggers=(WEB_GET, WEB_POST), cache_control=BOTH)
async def document(tag: str | None = None, changed: datetime | None = None) -> Document:
    return Document(tag, changed)


@action(triggers=WEB_GET, cache_control=BOTH, access_control=ALLOW_AUTHENTICATED)
async def guarded() -> Document:
    return Document("xyzzy", CHANGED)


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl(60))
async def about_the_caller(caller: Authorization | None) -> str | None:
    return caller and caller.subject


@action(triggers=WEB_GET)
async def said_nothing_of(caller: Authorization | None) -> str | None:
    return caller and caller.subject


@action(triggers=WEB_GET, cache_control=TtlCacheControl(timedelta(days=400, seconds=1.9)))
async def for_over_a_year() -> int:
    return 1


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl())
async def always_asked_about() -> int:
    return 1


ACTIONS = [
    document,
    guarded,
    about_the_caller,
    said_nothing_of,
    for_over_a_year,
    always_asked_about,
]


def ask(app: Any, *conditions: tuple[str, str], method: str = "GET", **about: Any) -> Any:
    """Ask for a document, on conditions."""
    return app.client.request(
        method, "/actions/document", params=about, headers=list(conditions), json=None
    )


def kept(name: str) -> tuple[str, str]:
    return "If-None-Match", name


def since(moment: str) -> tuple[str, str]:
    return "If-Modified-Since", moment


@pytest.mark.parametrize(
    ("field", "status"),
    [
        pytest.param('W/"1"', 304, id="9110-8.8.3.2-weak-against-strong"),
        pytest.param('"1"', 304, id="9110-8.8.3.2-strong-against-strong"),
        pytest.param('W/"2"', 200, id="9110-8.8.3.2-weak-other"),
        pytest.param('"2"', 200, id="9110-8.8.3.2-strong-other"),
    ],
)
def test_tags_are_compared_weakly(app: Any, field: str, status: int) -> None:
    assert ask(app, kept(field), tag="1").status_code == status


@pytest.mark.parametrize(
    ("field", "status"),
    [
        pytest.param('"xyzzy"', 304, id="9110-13.1.2-one"),
        pytest.param('W/"xyzzy"', 304, id="9110-13.1.2-weak"),
        pytest.param('"xyzzy", "r2d2xxxx", "c3piozzzz"', 304, id="9110-13.1.2-first"),
        pytest.param('W/"c3piozzzz", W/"r2d2xxxx",W/"xyzzy"', 304, id="9110-13.1.2-last"),
        pytest.param("*", 304, id="9110-13.1.2-any"),
        pytest.param('"r2d2xxxx", "c3piozzzz"', 200, id="9110-13.1.2-others"),
        pytest.param('"XYZZY"', 200, id="9110-8.8.3-case-counts"),
        pytest.param('""', 200, id="9110-8.8.3-empty"),
        pytest.param('"*"', 200, id="9110-8.8.3-quoted-asterisk"),
        pytest.param(',, "xyzzy" , ,"r2d2xxxx",', 304, id="9110-5.6.1.2-empty-elements"),
        pytest.param('"a b", "xyzzy"', 304, id="9110-8.8.3-a-space-is-in-no-tag"),
        pytest.param('"r2d2, "xyzzy"', 304, id="9110-8.8.3-unclosed"),
        pytest.param('"a\\"b", "xyzzy"', 304, id="9110-8.8.3-nothing-is-escaped"),
        pytest.param("xyzzy", 200, id="9110-8.8.3-not-quoted"),
        pytest.param('"xyzzy', 200, id="9110-8.8.3-half-quoted"),
        pytest.param("", 200, id="9110-13.1.2-nothing"),
    ],
)
def test_a_list_of_tags(app: Any, field: str, status: int) -> None:
    assert ask(app, kept(field), tag="xyzzy").status_code == status


def test_several_fields_are_one_list(app: Any) -> None:
    assert ask(app, kept('"xyzzy"'), kept('"other"'), tag="xyzzy").status_code == 304
    assert ask(app, kept('"other"'), kept('"xyzzy"'), tag="xyzzy").status_code == 304


def test_a_result_without_a_tag_has_none_of_them_but_is_there(app: Any) -> None:
    assert ask(app, kept('"xyzzy", ""')).status_code == 200
    assert ask(app, kept("*")).status_code == 304


@pytest.mark.parametrize(
    ("moment", "status"),
    [
        pytest.param(SENT, 304, id="9110-13.1.3-the-same"),
        pytest.param(AFTER, 304, id="9110-13.1.3-later"),
        pytest.param(BEFORE, 200, id="9110-13.1.3-earlier"),
        pytest.param("Sat, 29 Oct 1994 19:43:31 GMT", 200, id="9110-13.1.3-example"),
        pytest.param("Tuesday, 15-Nov-94 12:45:26 GMT", 304, id="9110-5.6.7-rfc850"),
        pytest.param("Tue Nov 15 12:45:26 1994", 304, id="9110-5.6.7-asctime"),
        pytest.param("2094-11-15T12:45:26Z", 200, id="9110-13.1.3-not-a-date"),
        pytest.param("Tue, 15 Nov 2094 12:45:26 +0000", 200, id="9110-13.1.3-not-of-http"),
        pytest.param(f"{SENT}, {SENT}", 200, id="9110-13.1.3-two-members"),
        pytest.param("", 200, id="9110-13.1.3-nothing"),
    ],
)
def test_a_moment(app: Any, moment: str, status: int) -> None:
    assert ask(app, since(moment), changed=CHANGED.isoformat()).status_code == status


def test_two_moments_are_none(app: Any) -> None:
    two = since(AFTER), since(AFTER)
    assert ask(app, *two, changed=CHANGED.isoformat()).status_code == 200


def test_a_result_that_knows_no_moment_is_sent(app: Any) -> None:
    assert ask(app, since(AFTER)).status_code == 200


@pytest.mark.parametrize(
    ("tag", "moment", "status"),
    [
        pytest.param('"xyzzy"', BEFORE, 304, id="9110-13.2.2-tag-same-moment-earlier"),
        pytest.param('"other"', AFTER, 200, id="9110-13.2.2-tag-other-moment-later"),
        pytest.param("nonsense", AFTER, 200, id="9110-13.2.2-tag-unreadable"),
        pytest.param('"xyzzy"', "nonsense", 304, id="9110-13.2.2-moment-unreadable"),
    ],
)
def test_a_tag_outweighs_a_moment(app: Any, tag: str, moment: str, status: int) -> None:
    answer = ask(app, kept(tag), since(moment), tag="xyzzy", changed=CHANGED.isoformat())
    assert answer.status_code == status


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(("If-Match", '"other"'), id="9110-13.1.1"),
        pytest.param(("If-Unmodified-Since", BEFORE), id="9110-13.1.4"),
        pytest.param(("If-Range", '"xyzzy"'), id="9110-13.1.5"),
    ],
)
def test_conditions_of_who_would_change_something_are_left_to_actions(
    app: Any, condition: tuple[str, str]
) -> None:
    assert ask(app, condition, tag="xyzzy", changed=CHANGED.isoformat()).status_code == 200


def test_the_moment_is_sent_as_a_date(app: Any) -> None:
    """RFC 9110, section 8.8.2."""
    half = CHANGED + timedelta(microseconds=500_000)
    abroad = CHANGED.astimezone(tz=datetime.fromisoformat("2024-01-01T00:00+05:30").tzinfo)
    for moment in (CHANGED, half, abroad):
        assert ask(app, changed=moment.isoformat()).headers["last-modified"] == SENT
    assert ask(app, since(SENT), changed=half.isoformat()).status_code == 304


@pytest.mark.parametrize(
    "ahead",
    [
        pytest.param(timedelta(seconds=5), id="9110-8.8.2.2-not-over"),
        pytest.param(timedelta(days=365), id="9110-8.8.2.1-later-than-now"),
    ],
)
def test_a_moment_that_is_not_over_is_not_told(app: Any, ahead: timedelta) -> None:
    changed = (datetime.now(UTC) + ahead).isoformat()
    future = since("Fri, 31 Dec 9999 23:59:59 GMT")
    assert "last-modified" not in ask(app, changed=changed).headers
    assert ask(app, future, changed=changed).status_code == 200


def test_a_second_that_is_over_is_told(app: Any) -> None:
    changed = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
    sent = ask(app, changed=changed).headers["last-modified"]
    assert ask(app, since(sent), changed=changed).status_code == 304


@pytest.mark.parametrize("tag", ["xyzzy", None])
def test_what_304_carries(app: Any, tag: str | None) -> None:
    """RFC 9110, section 15.4.5: a date only where there is no tag; nothing of the content."""
    about: dict[str, Any] = {"changed": CHANGED.isoformat(), **({"tag": tag} if tag else {})}
    fresh = ask(app, **about)
    unchanged = ask(app, kept('"xyzzy"') if tag else since(SENT), **about)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    own = {"etag"} if tag else {"last-modified"}
    caching = {"cache-control", "etag", "last-modified", "vary", "expires", "content-location"}
    assert caching & set(unchanged.headers) == {"cache-control"} | own
    assert not [name for name in unchanged.headers if name.startswith("content-t")]
    assert "date" in unchanged.headers
    for name in {"cache-control"} | own:
        assert unchanged.headers[name] == fresh.headers[name]


def test_304_keeps_private_what_is(app: Any) -> None:
    answer = app.get("/actions/guarded", headers={**app.credentials(), "If-None-Match": "*"})
    assert answer.status_code == 304
    assert answer.headers["cache-control"] == "private, max-age=60"
    assert answer.headers["vary"] == "authorization"


@pytest.mark.parametrize("conditions", [(), (kept('"xyzzy"'),), (since(SENT),)])
def test_head_answers_as_get_does(app: Any, conditions: tuple[tuple[str, str], ...]) -> None:
    """RFC 9110, section 9.3.2."""
    about = {"tag": "xyzzy", "changed": CHANGED.isoformat()}
    get = ask(app, *conditions, **about)
    head = ask(app, *conditions, method="HEAD", **about)
    assert (head.status_code, head.content) == (get.status_code, b"")
    apart = {"date", "x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in apart} == {
        k: v for k, v in get.headers.items() if k not in apart
    }


@pytest.mark.parametrize("condition", [kept("*"), kept('"xyzzy"'), since(AFTER)])
def test_a_method_that_is_not_safe_has_no_conditions_and_no_hint(
    app: Any, condition: tuple[str, str]
) -> None:
    """RFC 9110, section 13.1.3; a result of POST names no resource that could be kept."""
    given = {"tag": "xyzzy", "changed": CHANGED.isoformat()}
    answer = app.client.post("/actions/document", json=given, headers=[condition])
    assert answer.status_code == 200
    assert answer.json()["tag"] == "xyzzy"
    assert not {"cache-control", "etag", "last-modified", "vary"} & set(answer.headers)


@pytest.mark.parametrize("path", ["guarded", "about-the-caller", "said-nothing-of"])
def test_what_depends_on_the_caller_is_never_public(app: Any, path: str) -> None:
    """RFC 9111, sections 3.5 and 5.2.2.7."""
    answer = app.get(f"/actions/{path}", headers=app.credentials())
    assert answer.status_code == 200
    assert re.match("private|no-store", answer.headers["cache-control"])
    assert "public" not in answer.headers["cache-control"]


def test_what_may_differ_by_caller_is_private_for_who_has_no_credentials_too(app: Any) -> None:
    answer = app.get("/actions/about-the-caller")
    assert answer.headers["cache-control"] == "private, max-age=60"
    assert answer.headers["vary"] == "authorization"


def test_two_callers_have_two_tags(app: Any) -> None:
    def tag_of(subject: str) -> str:
        headers = app.credentials(subject=subject)
        return str(app.get("/actions/about-the-caller", headers=headers).headers["etag"])

    assert tag_of("ann") == tag_of("ann") != tag_of("bob")


def test_days_are_seconds(app: Any) -> None:
    """RFC 9111, sections 1.2.2 and 5.2.2.1: whole seconds, however many."""
    answer = app.get("/actions/for-over-a-year")
    assert answer.headers["cache-control"] == "public, max-age=34560001"


def test_what_has_no_time_is_asked_about_each_time(app: Any) -> None:
    """RFC 9111, section 5.2.2.4."""
    assert app.get("/actions/always-asked-about").headers["cache-control"] == "public, no-cache"


def test_a_public_result_does_not_vary(app: Any) -> None:
    """RFC 9110, section 12.5.5: it is the same whatever the request's fields say."""
    plain = ask(app, tag="xyzzy")
    known = ask(app, *app.credentials().items(), tag="xyzzy")
    assert "vary" not in plain.headers
    assert plain.content == known.content


def scope(*fields: tuple[bytes, bytes]) -> dict[str, Any]:
    return {"type": "http", "method": "GET", "headers": list(fields)}


@given(st.text())
def test_any_name_becomes_a_tag_and_stays_itself(name: str) -> None:
    tag = entity_tag(name)
    assert re.fullmatch(rb'"[\x21\x23-\x7e]*"', tag)
    assert unquote(tag.decode().strip('"')) == name
    assert not_modified(scope((b"if-none-match", tag)), CacheHeaders(etag=name))


@given(st.text(), st.lists(st.tuples(st.text(), st.sampled_from(["", "W/"]))))
def test_a_tag_is_found_among_others_and_only_if_it_is_there(
    name: str, others: list[tuple[str, str]]
) -> None:
    field = b" ,\t".join(weak.encode() + entity_tag(other) for other, weak in others)
    expected = name in {other for other, _ in others}
    assert not_modified(scope((b"if-none-match", field)), CacheHeaders(etag=name)) is expected


@given(st.binary(), st.binary())
def test_no_condition_makes_it_fail(tags: bytes, moment: bytes) -> None:
    hint = CacheHeaders(etag="xyzzy", last_modified=CHANGED)
    for fields in ([(b"if-none-match", tags)], [(b"if-modified-since", moment)]):
        assert not_modified(scope(*fields), hint) in (True, False)


HOST = """
import asyncio
import socket
from dataclasses import dataclass

from servey_core import WEB_GET, SecureHashCacheControl, ServiceContext, action, start


@dataclass
class Shelf:
    titles: frozenset[str]
    ids: set[tuple[int, str]]
    by_name: dict[str, set[str]]


@action(triggers=WEB_GET, cache_control=SecureHashCacheControl())
async def shelf() -> Shelf:
    words = {"tea", "cake", "rye", "oats", "salt", "milk", "eggs", "jam"}
    return Shelf(frozenset(words), {(len(one), one) for one in words}, {"all": words})


async def serve():
    listening = socket.create_server(("127.0.0.1", 0))
    print(listening.getsockname()[1], flush=True)
    web = start(actions=[shelf.servey_action]).services()["web"].record
    await web.run(ServiceContext(asyncio.Event(), 1.0, [listening], lambda: None))


asyncio.run(serve())
"""


@contextmanager
def host(seed: int) -> Iterator[httpx.Client]:
    """A process of its own, which puts sets in an order of its own."""
    environment = {name: text for name, text in os.environ.items() if "SERVEY" not in name}
    with subprocess.Popen(
        [sys.executable, "-c", HOST],
        env={**environment, "PYTHONHASHSEED": str(seed)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
                yield client
        finally:
            process.kill()


def test_every_host_gives_the_same_bytes_and_the_same_tag() -> None:
    """RFC 9110, section 8.8.1: a strong validator, for the content is equal byte by byte."""
    with host(1) as one, host(2) as other:
        answers = [client.get("/actions/shelf") for client in (one, other)]
        assert answers[0].content == answers[1].content
        assert answers[0].headers["etag"] == answers[1].headers["etag"]
        assert not answers[0].headers["etag"].startswith("W/")
        condition = {"If-None-Match": answers[0].headers["etag"]}
        assert other.get("/actions/shelf", headers=condition).status_code == 304
