"""Rate limits over HTTP: told in header fields, refused as a problem."""

from typing import Any

import httpx

from servey_core import WEB_GET, WEB_POST, RateLimit, ScopeAccessControl, action


def limited(*limits: RateLimit, **options: Any) -> Any:
    """An action of its own for each test, so that counts are too."""

    @action(triggers=(WEB_GET, WEB_POST), rate_limits=limits, **options)
    def act(number: int = 0) -> int:
        return number

    return act


PATH = "/actions/act"


def test_what_is_left_is_told_and_then_refused(serve) -> None:
    with serve([limited(RateLimit("2/minute"), RateLimit("5/hour"))]) as app:
        first, second, third = (app.get(PATH) for _ in range(3))
    policies = '"minute";q=2;w=60, "hour";q=5;w=3600'
    for answer in (first, second, third):
        assert answer.headers["ratelimit-policy"] == policies
    assert first.headers["ratelimit"] == '"minute";r=1;t=60, "hour";r=4;t=3600'
    assert second.status_code == 200
    assert third.status_code == 429
    assert third.headers["ratelimit"].startswith('"minute";r=0;t=')
    assert '"hour";r=3;t=' in third.headers["ratelimit"]
    assert 55 <= int(third.headers["retry-after"]) <= 60
    assert third.headers["content-type"] == "application/problem+json"
    problem = third.json()
    assert problem["type"] == "urn:servey:problem:too-many-requests"
    assert problem["violated-policies"] == ["minute"]


def test_all_triggers_of_an_action_count_together(serve) -> None:
    with serve([limited(RateLimit("1/minute"))]) as app:
        assert app.get(PATH).status_code == 200
        assert app.post(PATH, b"{}").status_code == 429


def test_bad_arguments_count(serve) -> None:
    with serve([limited(RateLimit("1/minute"))]) as app:
        assert app.get(f"{PATH}?number=x").status_code == 422
        assert app.get(PATH).status_code == 429


def test_who_may_not_run_it_does_not_count_and_callers_count_apart(serve) -> None:
    act = limited(RateLimit("1/minute"), access_control=ScopeAccessControl("read"))
    with serve([act]) as app:
        for _ in range(3):
            assert app.get(PATH).status_code == 401
            assert app.get(PATH, headers=app.credentials("write")).status_code == 403
        assert app.get(PATH, headers=app.credentials("read")).status_code == 200
        assert app.get(PATH, headers=app.credentials("read")).status_code == 429
        other = app.credentials("read", subject="bob")
        assert app.get(PATH, headers=other).status_code == 200


def test_callers_without_a_token_are_counted_by_address(serve) -> None:
    with serve([limited(RateLimit("1/minute"))]) as app:
        assert [app.get(PATH).status_code for _ in range(2)] == [200, 429]
        elsewhere = httpx.HTTPTransport(local_address="127.0.0.2")
        with httpx.Client(base_url=app.url, transport=elsewhere) as client:
            assert [client.get(PATH).status_code for _ in range(2)] == [200, 429]
        assert app.get(PATH, headers=app.credentials()).status_code == 200


def test_an_action_without_limits_tells_nothing(serve) -> None:
    with serve([limited()]) as app:
        assert not {"ratelimit", "ratelimit-policy"} & app.get(PATH).headers.keys()
