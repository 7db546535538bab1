"""Caching hints on the wire."""

from dataclasses import dataclass
from typing import Any

import pytest

from servey_core import (
    ALLOW_AUTHENTICATED,
    WEB_GET,
    WEB_POST,
    Authorization,
    CacheControl,
    CacheHeaders,
    SecureHashCacheControl,
    TtlCacheControl,
    action,
)


@dataclass(frozen=True)
class Named(CacheControl):
    """Names every result by the result itself."""

    def headers(self, result: object, body: bytes) -> CacheHeaders:
        return CacheHeaders(etag=str(result))


@action(triggers=(WEB_GET, WEB_POST), cache_control=TtlCacheControl(60))
async def for_a_minute() -> int:
    return 1


@action(triggers=(WEB_GET, WEB_POST), cache_control=SecureHashCacheControl(ttl=5))
async def by_hash(number: int = 1) -> int:
    return number


@action(triggers=WEB_GET, cache_control=Named())
async def by_name(name: str) -> str:
    return name


@action(
    triggers=WEB_GET,
    cache_control=SecureHashCacheControl(60),
    access_control=ALLOW_AUTHENTICATED,
)
async def guarded(authorization: Authorization) -> str | None:
    return authorization.subject


ACTIONS = [for_a_minute, by_hash, by_name, guarded]


def test_a_result_may_be_kept_by_everybody(app: Any) -> None:
    response = app.get("/actions/for-a-minute")
    assert response.headers["cache-control"] == "public, max-age=60"
    assert "etag" not in response.headers


def test_a_guarded_result_may_be_kept_by_the_caller_only(app: Any) -> None:
    response = app.get("/actions/guarded", headers=app.credentials())
    assert response.headers["cache-control"] == "private, max-age=60"
    assert response.headers["vary"] == "authorization"


def test_only_methods_that_read_have_a_hint(app: Any) -> None:
    response = app.client.post("/actions/by-hash", json={})
    assert not {"cache-control", "etag"} & set(response.headers)


def test_the_tag_is_quoted_and_follows_the_result(app: Any) -> None:
    one, two = app.get("/actions/by-hash"), app.get("/actions/by-hash?number=2")
    assert one.headers["etag"].startswith('"')
    assert one.headers["etag"].endswith('"')
    assert one.headers["etag"] == app.get("/actions/by-hash").headers["etag"]
    assert one.headers["etag"] != two.headers["etag"]


@pytest.mark.parametrize("condition", ["{}", "W/{}", '"x", {}', '"a,b" , W/{}, "y"', "*"])
def test_who_has_the_result_is_told_so(app: Any, condition: str) -> None:
    fresh = app.get("/actions/by-hash")
    headers = {"If-None-Match": condition.format(fresh.headers["etag"])}
    response = app.get("/actions/by-hash", headers=headers)
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == fresh.headers["etag"]
    assert response.headers["cache-control"] == "public, max-age=5"
    assert not {"content-type", "content-length"} & set(response.headers)


@pytest.mark.parametrize("condition", ['"x"', "nonsense", "", '"*"'])
def test_who_has_another_result_gets_this_one(app: Any, condition: str) -> None:
    response = app.get("/actions/by-hash", headers={"If-None-Match": condition})
    assert (response.status_code, response.content) == (200, b"1")


def test_the_condition_is_looked_at_after_the_access_control(app: Any) -> None:
    assert app.get("/actions/guarded", headers={"If-None-Match": "*"}).status_code == 401


@pytest.mark.parametrize("name", ['a"b', "ünïcode", "line\nbreak", "50 %", "plain-1.0"])
def test_a_tag_of_ones_own_is_made_fit_to_send(app: Any, name: str) -> None:
    fresh = app.client.get("/actions/by-name", params={"name": name})
    assert fresh.status_code == 200
    assert fresh.headers["cache-control"] == "public, no-cache"
    assert fresh.headers["etag"].count('"') == 2
    headers = {"If-None-Match": fresh.headers["etag"]}
    again = app.client.get("/actions/by-name", params={"name": name}, headers=headers)
    assert again.status_code == 304
